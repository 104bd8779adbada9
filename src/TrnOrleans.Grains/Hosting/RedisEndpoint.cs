using StackExchange.Redis;

namespace TrnOrleans.Grains.Hosting;

/// <summary>The Redis that a cluster meets in, as <c>--redis HOST:PORT[,user=…][,password=…][,ssl=true]</c> names it.</summary>
public sealed class RedisEndpoint
{
    private readonly ConfigurationOptions _options;

    private RedisEndpoint(ConfigurationOptions options)
    {
        _options = options;
    }

    /// <summary>"host:port", without anything secret.</summary>
    public string Name => _options.EndPoints[0].ToString()!.Replace("Unspecified/", string.Empty, StringComparison.Ordinal);

    /// <summary>Reads the words of a connection string.</summary>
    /// <exception cref="ClusterUnreachableException">it cannot be read.</exception>
    public static RedisEndpoint Parse(string text)
    {
        try
        {
            ConfigurationOptions options = ConfigurationOptions.Parse(text);
            if (options.EndPoints.Count != 1)
            {
                throw new ArgumentException("it must name one host; a comma inside a password looks like another");
            }

            options.AbortOnConnectFail = true;
            options.ConnectTimeout = 3000;
            options.ConnectRetry = 1;
            return new RedisEndpoint(options);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            throw new ClusterUnreachableException($"--redis cannot be read ({error.Message.TrimEnd('.')}); it is HOST:PORT, and behind it ,user=NAME ,password=… ,ssl=true as needed", error);
        }
    }

    /// <summary>Connects.</summary>
    /// <exception cref="ClusterUnreachableException">no answer, or the password is refused.</exception>
    public async Task<IConnectionMultiplexer> ConnectAsync()
    {
        try
        {
            ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(_options).ConfigureAwait(false);
            await redis.GetDatabase().PingAsync().ConfigureAwait(false);
            return redis;
        }
        catch (Exception error) when (error is RedisException or TimeoutException or System.Net.Sockets.SocketException)
        {
            bool refused = error is RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure }
                || error.ToString().Contains("NOAUTH", StringComparison.Ordinal) || error.ToString().Contains("WRONGPASS", StringComparison.Ordinal)
                || error.ToString().Contains("NOPERM", StringComparison.Ordinal);
            throw new ClusterUnreachableException(
                refused ? $"Redis at {Name} refuses the user or the password; say ,user=NAME,password=… behind the address"
                : $"no Redis answers at {Name}; is it up, and is the address right?",
                error);
        }
    }
}

/// <summary>A cluster cannot be reached; the message says why and what to do.</summary>
public sealed class ClusterUnreachableException : Exception
{
    public ClusterUnreachableException(string message)
        : base(message)
    {
    }

    public ClusterUnreachableException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public ClusterUnreachableException()
    {
    }
}
