using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Messaging;
using Orleans.Serialization;
using StackExchange.Redis;
using TrnOrleans.Grains.Hosting;

namespace TrnOrleans.Client.Running;

/// <summary>A connection to silos on other machines.</summary>
internal sealed class RemoteCluster : IAsyncDisposable
{
    private static readonly TimeSpan s_stopDeadline = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_startDeadline = TimeSpan.FromSeconds(15);
    private readonly IHost _host;
    private readonly IConnectionMultiplexer _redis;

    private RemoteCluster(IHost host, IConnectionMultiplexer redis, string name)
    {
        (_host, _redis, Name) = (host, redis, name);
    }

    /// <summary>To reach the grains.</summary>
    internal IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Name of the cluster.</summary>
    internal string Name { get; }

    /// <summary>Connects, and checks that the silos speak this program's version.</summary>
    /// <exception cref="ClusterUnreachableException">no Redis, no silo, or other versions.</exception>
    internal static async Task<RemoteCluster> ConnectAsync((RedisEndpoint Redis, string Cluster) where, CancellationToken cancellation)
    {
        IConnectionMultiplexer redis = await where.Redis.ConnectAsync();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleansClient(client => client.UseRedisCluster(redis, where.Cluster));
        IHost host = builder.Build();
        RemoteCluster cluster = new(host, redis, where.Cluster);
        try
        {
            // Orleans itself waits for minutes for a first silo to come.
            IGatewayListProvider gateways = host.Services.GetRequiredService<IGatewayListProvider>();
            await gateways.InitializeGatewayListProvider();
            if ((await gateways.GetGateways()).Count == 0)
            {
                throw new TimeoutException("nobody is in the table");
            }

            await host.StartAsync(cancellation).WaitAsync(s_startDeadline, TimeProvider.System, cancellation);
            await cluster.CheckVersions();
            return cluster;
        }
        catch (Exception error)
        {
            await cluster.DisposeAsync();
            throw error is OrleansException or TimeoutException
                ? new ClusterUnreachableException($"no silo of cluster {where.Cluster} answers (its Redis at {where.Redis.Name} does); start one with `trn-silo --redis {where.Redis.Name} --cluster {where.Cluster}`", error)
                : error;
        }
    }

    /// <summary>The silos that are up, in order of their addresses.</summary>
    /// <exception cref="ClusterUnreachableException">the table in Redis is gone.</exception>
    internal async Task<MembershipEntry[]> SilosAsync()
    {
        try
        {
            return
            [
                .. (await Grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: true))
                    .OrderBy(h => h.SiloAddress.Endpoint.Address.ToString(), StringComparer.Ordinal).ThenBy(h => h.SiloAddress.Endpoint.Port),
            ];
        }
        catch (CodecNotFoundException error)
        {
            // The store's own exception, which has no way over the wire.
            throw new ClusterUnreachableException($"the Redis of cluster {Name} has lost the table of its silos; start them anew, and their runs go on from their checkpoints", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource deadline = new(s_stopDeadline);
        try
        {
            await _host.StopAsync(deadline.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or OrleansException)
        {
            // The process ends anyway.
        }

        _host.Dispose();
        await _redis.DisposeAsync();
    }

    private async Task CheckVersions()
    {
        string[] others = [.. (await SilosAsync()).Select(s => SiloVersion.In(s.SiloName)).Where(version => version != SiloVersion.Own).Distinct()];
        if (others.Length > 0)
        {
            throw new ClusterUnreachableException(
                $"this is trn {SiloVersion.Own}, and the cluster's silos are of version {string.Join(", ", others)}; use the same version on all machines");
        }
    }
}
