using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Persistence;
using Orleans.Serialization;
using Orleans.Storage;
using StackExchange.Redis;
using TrnOrleans.Grains.Bench;
using TrnOrleans.Grains.Checkpoints;
using TrnOrleans.Grains.Content;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Recovery;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Models.Data;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Grains.Hosting;

/// <summary>Makes a process a silo of the emulator.</summary>
public static class EmulatorHosting
{
    /// <summary>Name of the storage that runs and their directory are kept in.</summary>
    public const string Storage = "runs";

    /// <summary>Name of a cluster when nobody gives one.</summary>
    public const string DefaultCluster = "trn";

    /// <summary>What every silo has: the compute engine, the replicas' memory, the data, the placement of grains.</summary>
    /// <param name="services">Of the host.</param>
    /// <param name="threads">Compute threads.</param>
    /// <param name="loader">Reads data.</param>
    /// <param name="journalFolder">Where journals are kept; a silo that is alone keeps them where its run says.</param>
    /// <param name="checkpointFolder">Below which checkpoints are kept; null for wherever a run says.</param>
    /// <param name="contentFolder">Where files that came from the cluster are kept; a silo that is alone gets none.</param>
    public static IServiceCollection AddEmulator(this IServiceCollection services, int threads, DatasetLoader loader, string? contentFolder = null, string? journalFolder = null, string? checkpointFolder = null)
    {
        services.AddSingleton(_ => new ComputeEngine(threads));
        services.AddSingleton(loader);
        services.AddSingleton(new ContentStore(contentFolder ?? Path.Combine(Path.GetTempPath(), "trnorleans-content")));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<RunJournals>(
            provider, journalFolder ?? Path.Combine(Path.GetTempPath(), "trnorleans-journals")));
        services.AddSingleton(new CheckpointRoot(checkpointFolder));
        services.AddSingleton<CheckpointWriter>();
        services.AddSingleton<RunInputsCache>();
        services.AddSingleton<ReplicaStore>();
        services.AddSingleton<CollectiveStore>();
        services.AddSingleton<ClusterView>();
        services.AddSingleton<LocalRuns>();
        services.TryAddSingleton<RunPoint>();
        services.AddSingleton<Deadlines>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SiloDrain>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, RunRevival>();
        services.AddSingleton(TimeProvider.System);
        services.AddPlacementDirector<UltraServerPlacement, UltraServerPlacementDirector>();
        services.AddPlacementDirector<SiloPlacement, SiloPlacementDirector>();
        return services;
    }

    /// <summary>
    /// A silo that is alone and takes no client from outside its process: what <c>trn train</c> starts inside its own. The port it listens at is
    /// the system's choice at that moment, so that any number of processes may start at once; the port in its name only tells them apart.
    /// </summary>
    public static ISiloBuilder UseAlone(this ISiloBuilder silo)
    {
        silo.UseLoopback(siloPort: 1 + (Environment.ProcessId % ushort.MaxValue), gatewayPort: 0);
        silo.Configure<EndpointOptions>(options => options.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, 0));
        return silo;
    }

    /// <summary>A silo on loopback only, alone, on given ports; it forgets its runs when it ends.</summary>
    public static ISiloBuilder UseLoopback(this ISiloBuilder silo, int siloPort, int gatewayPort)
    {
        silo.UseLocalhostClustering(siloPort, gatewayPort);
        silo.AddMemoryGrainStorage(Storage, (OptionsBuilder<MemoryGrainStorageOptions> options) => options.Configure<Serializer>(
            (storage, serializer) => storage.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer)));
        silo.ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Error));
        return silo;
    }

    /// <summary>A silo of a cluster that meets in Redis; it listens on one address only.</summary>
    /// <param name="silo">To configure.</param>
    /// <param name="redis">A connection that answers.</param>
    /// <param name="cluster">Name of the cluster; silos of the same name find each other.</param>
    /// <param name="name">Name of this silo; carries its version.</param>
    /// <param name="address">Where it listens, and what it tells others.</param>
    /// <param name="siloPort">For other silos.</param>
    /// <param name="gatewayPort">For clients.</param>
    public static ISiloBuilder UseRedisCluster(
        this ISiloBuilder silo, IConnectionMultiplexer redis, string cluster, string name, IPAddress address, int siloPort, int gatewayPort)
    {
        silo.Configure<ClusterOptions>(options => Name(options, cluster));
        silo.Configure<SiloOptions>(options => options.SiloName = name);
        silo.Configure<EndpointOptions>(options =>
        {
            (options.AdvertisedIPAddress, options.SiloPort, options.GatewayPort) = (address, siloPort, gatewayPort);
            options.SiloListeningEndpoint = new IPEndPoint(address, siloPort);
            options.GatewayListeningEndpoint = new IPEndPoint(address, gatewayPort);
        });
        silo.Configure<ClusterMembershipOptions>(FastFailureDetection);

        // The default directory forgets its part when a silo leaves, even in order, and every silo then destroys the grains that were in it:
        // UltraServers in mid-run among them. This one hands its part over.
#pragma warning disable ORLEANSEXP003 // Experimental in name; part of Orleans since 9.0.
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.Configure<GrainDirectoryOptions>(options => options.RangeLeaseDuration = TimeSpan.FromSeconds(2));
        silo.UseRedisClustering(options => (options.ConfigurationOptions, options.CreateMultiplexer) = (Words(redis), _ => Shared(redis)));
        silo.AddRedisGrainStorage(Storage, (OptionsBuilder<RedisStorageOptions> options) => options.Configure<Serializer>((storage, serializer) =>
        {
            (storage.ConfigurationOptions, storage.CreateMultiplexer) = (Words(redis), _ => Shared(redis));
            storage.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
        }));
        return silo;
    }

    /// <summary>A client of a cluster that meets in Redis.</summary>
    /// <param name="client">To configure.</param>
    /// <param name="redis">A connection that answers.</param>
    /// <param name="cluster">Name of the cluster.</param>
    public static IClientBuilder UseRedisCluster(this IClientBuilder client, IConnectionMultiplexer redis, string cluster)
    {
        client.Configure<ClusterOptions>(options => Name(options, cluster));
        return client.UseRedisClustering(options => (options.ConfigurationOptions, options.CreateMultiplexer) = (Words(redis), _ => Shared(redis)));
    }

    private static void Name(ClusterOptions options, string cluster) => (options.ClusterId, options.ServiceId) = (cluster, cluster);

    /// <summary>The connection is there already; Orleans asks for the words that made it all the same.</summary>
    private static ConfigurationOptions Words(IConnectionMultiplexer redis) => ConfigurationOptions.Parse(redis.Configuration);

    private static Task<(IConnectionMultiplexer Multiplexer, bool IsShared)> Shared(IConnectionMultiplexer redis) => Task.FromResult((redis, true));

    /// <summary>A killed silo is noticed in half a second and a hanging one in two, instead of 15 and 60 (measured on Orleans 10.4; no false alarm in 11 saturated runs).</summary>
    private static void FastFailureDetection(ClusterMembershipOptions options)
    {
        options.ProbeTimeout = TimeSpan.FromMilliseconds(500);
        options.MaxProbeTimeout = TimeSpan.FromSeconds(1);
        options.NumMissedProbesLimit = 2;
        options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);
        options.TableRefreshTimeout = TimeSpan.FromSeconds(2);
    }
}
