using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using TrnOrleans.Chaos;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Models.Data;

namespace TrnOrleans.Silo;

/// <summary>Builds the process: Orleans, the emulator, the health endpoint, the log.</summary>
internal static class SiloHost
{
    // Longer than everything needs to move to other silos (Deadlines.Drain, twice), so that the host does not give up first.
    private static readonly TimeSpan s_shutdown = TimeSpan.FromSeconds(70);

    internal static WebApplication Build(SiloSettings settings, IConnectionMultiplexer? redis, HttpClient http)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        if (settings.HealthPort == 0)
        {
            // A web server without an address would take port 5000.
            builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.Server.IServer, NoServer>();
        }
        else
        {
            builder.WebHost.UseKestrelCore();
            builder.WebHost.ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Listen(settings.Address, settings.HealthPort);
            });
        }

        builder.Logging.AddJsonConsole(json => (json.TimestampFormat, json.UseUtcTimestamp) = ("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", true)).SetMinimumLevel(settings.LogLevel);
        if (settings.LogLevel >= LogLevel.Warning)
        {
            // Orleans warns of every connection that ends; what matters to a run, the run says.
            builder.Logging.AddFilter("Orleans", LogLevel.Critical);
            builder.Logging.AddFilter("Microsoft.Orleans", LogLevel.Critical);
            builder.Logging.AddFilter("Microsoft", LogLevel.Error);

            // What keeps it from starting is said in one sentence.
            builder.Logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        }

        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = s_shutdown);
        builder.Services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        builder.Services.AddSingleton<IHostLifetime, ConsoleLifetime>();
        builder.Services.AddRouting();
        builder.Services.AddHealthChecks().AddCheck<SiloReadiness>("silo");

        DataCatalogue catalogue = DataCatalogue.From(settings.Data);
        builder.Services.AddEmulator(
            settings.Threads, new DatasetLoader(catalogue, new Downloader(http)), Folder(settings, catalogue, "content"), Folder(settings, catalogue, "journals"),
            settings.Checkpoints ?? Folder(settings, catalogue, "checkpoints"));
        builder.Host.UseOrleans(silo =>
        {
            silo.AddChaos(settings.AllowsChaos);
            if (redis is null)
            {
                silo.UseLoopback(settings.SiloPort, settings.GatewayPort);
            }
            else
            {
                silo.UseRedisCluster(
                    redis, settings.Cluster, SiloVersion.NameOf($"{Dns.GetHostName()}:{settings.SiloPort}"), settings.Address, settings.SiloPort, settings.GatewayPort);
            }
        });
        WebApplication app = builder.Build();
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready");
        return app;
    }

    /// <summary>Orleans shares a port with whoever listens there already, and then half the messages go astray: looks first.</summary>
    /// <exception cref="FormatException">a port is taken, or the address is not this machine's.</exception>
    internal static void CheckPorts(SiloSettings settings)
    {
        foreach ((int port, string option) in new[] { (settings.SiloPort, "--silo-port"), (settings.GatewayPort, "--gateway-port"), (settings.HealthPort, "--health-port") })
        {
            try
            {
                using Socket probe = new(settings.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                probe.Bind(new IPEndPoint(settings.Address, port));
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressNotAvailable)
            {
                throw new FormatException($"{settings.Address} is no address of this machine; --advertise takes one that is", error);
            }
            catch (SocketException error)
            {
                throw new FormatException($"cannot listen on {settings.Address}:{port} ({error.Message.TrimEnd('.')}); another silo may be there: choose another {option}", error);
            }
        }
    }

    /// <summary>In the silo's data folder when it can be written, else in the user's cache.</summary>
    private static string Folder(SiloSettings settings, DataCatalogue catalogue, string name)
    {
        string folder = Path.Combine(settings.Data ?? catalogue.CacheFolder, name);
        try
        {
            Directory.CreateDirectory(folder);
            return folder;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Path.Combine(catalogue.CacheFolder, name);
        }
    }
}

/// <summary>Ready: the silo is in the cluster and takes UltraServers.</summary>
internal sealed class SiloReadiness(Grains.Placement.ClusterView cluster, Grains.Replicas.ReplicaStore replicas) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            replicas.IsLeaving ? HealthCheckResult.Unhealthy("about to stop")
            : cluster.Active.Contains(cluster.Self) ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("not in the cluster"));
}
