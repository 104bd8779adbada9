using System.CommandLine;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Silo;

// One silo: alone on loopback for development, or of a cluster that meets in Redis.
Dictionary<Option<string>, string> options = [];
RootCommand root = new("A silo of the emulator. Also from appsettings.json and from variables such as TRN_REDIS or TRN_SILO_PORT; options go over both.");
Add("--redis", "HOST:PORT[,password=…]", "The Redis that the cluster meets in (user=…, password=…, ssl=true behind it); without it the silo is alone on this machine.");
Add("--cluster", "NAME", $"Name of the cluster; silos of the same name find each other. By default {EmulatorHosting.DefaultCluster}.");
Add("--advertise", "IP", "Address of this machine that other silos reach it at; it listens there and nowhere else. By default 127.0.0.1.");
Add("--silo-port", "PORT", "Port for other silos; by default 11111.");
Add("--gateway-port", "PORT", "Port for consoles; by default 30000.");
Add("--health-port", "PORT", "Port for probes over HTTP (/health/live, /health/ready); by default 18080, 0 for none.");
Add("--threads", "N", "Compute threads; by default one a core. Never changes a result.");
Add("--data", "DIR", "Folder where data sets are looked for and kept; by default the user's cache.");
Add("--checkpoints", "DIR", "Folder below which runs keep checkpoints, the same for all silos; by default checkpoints in the data folder.");
Add("--allow-chaos", "true|false", "Whether faults of a run may kill this process; by default false.");
Add("--log-level", "LEVEL", "What is logged, as JSON on the error stream; by default warning.");
root.SetAction(async (result, cancellation) =>
{
    try
    {
        IConfiguration values = new ConfigurationBuilder()
            .SetBasePath(Directory.GetCurrentDirectory())
            .AddJsonFile("appsettings.json", optional: true)
            .AddEnvironmentVariables("TRN_")
            .AddInMemoryCollection(options.Where(o => result.GetResult(o.Key) is { Implicit: false }).ToDictionary(o => o.Value, o => result.GetValue(o.Key)))
            .Build();
        return await RunAsync(SiloSettings.Read(values), cancellation);
    }
    catch (FormatException error)
    {
        return Complain(error.Message, 2);
    }
    catch (InvalidDataException error)
    {
        return Complain($"appsettings.json cannot be read: {error.GetBaseException().Message}", 2);
    }
    catch (ClusterUnreachableException error)
    {
        return Complain(error.Message, 1);
    }
});
ParseResult parsed = root.Parse(args);
return parsed.Errors.Count > 0 ? Complain($"{parsed.Errors[0].Message} (see trn-silo --help)", 2) : await parsed.InvokeAsync(new InvocationConfiguration
{
    // The host ends in its own time: everything on the silo moves first, which may take longer than a library would wait.
    ProcessTerminationTimeout = null,
    EnableDefaultExceptionHandler = false,
});

void Add(string name, string helpName, string description)
{
    Option<string> option = new(name) { Description = description, HelpName = helpName, Arity = ArgumentArity.ExactlyOne };
    options.Add(option, name.TrimStart('-').Replace('-', '_'));
    root.Options.Add(option);
}

static int Complain(string message, int code)
{
    Console.Error.WriteLine($"trn-silo: {message.TrimEnd('.').ReplaceLineEndings(" ")}");
    return code;
}

static async Task<int> RunAsync(SiloSettings settings, CancellationToken cancellation)
{
    SiloHost.CheckPorts(settings);
    RedisEndpoint? endpoint = settings.Redis is null ? null : RedisEndpoint.Parse(settings.Redis);
    await using IConnectionMultiplexer? redis = endpoint is null ? null : await endpoint.ConnectAsync();
    using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    await using WebApplication app = SiloHost.Build(settings, redis, http);
    try
    {
        if (redis is not null)
        {
            await VersionCheck.RunAsync(app.Services, settings.Cluster, TimeProvider.System);
        }

        await app.StartAsync(cancellation);
    }
    catch (Exception error) when (error is SocketException or IOException or AggregateException or OrleansException or RedisException or TimeoutException)
    {
        return Complain($"the silo could not start: {error.GetBaseException().Message}", 1);
    }

    string place = endpoint is null ? "development silo, alone on 127.0.0.1 (--redis makes it one of a cluster)"
        : $"cluster {settings.Cluster} at {endpoint.Name}, on {settings.Address}";
    string health = settings.HealthPort == 0 ? string.Empty : $", health {settings.HealthPort}";
    Console.Out.WriteLine($"trn-silo ready: {place}, silo port {settings.SiloPort}, gateway {settings.GatewayPort}{health}, {settings.Threads} compute threads");
    await app.WaitForShutdownAsync(cancellation);
    return 0;
}
