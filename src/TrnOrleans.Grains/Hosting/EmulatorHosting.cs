using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Models.Data;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Grains.Hosting;

/// <summary>Makes a process a silo of the emulator.</summary>
public static class EmulatorHosting
{
    /// <summary>What every silo has: the compute engine, the replicas' memory, the data loader.</summary>
    /// <param name="services">Of the host.</param>
    /// <param name="threads">Compute threads.</param>
    /// <param name="loader">Reads data.</param>
    public static IServiceCollection AddEmulator(this IServiceCollection services, int threads, DatasetLoader loader)
    {
        services.AddSingleton(_ => new ComputeEngine(threads));
        services.AddSingleton(loader);
        services.AddSingleton<ReplicaStore>();
        services.AddSingleton<Deadlines>();
        services.AddSingleton(TimeProvider.System);
        return services;
    }

    /// <summary>A silo on loopback only, alone, on ports that nobody else uses: what <c>trn train</c> starts inside its own process.</summary>
    public static ISiloBuilder UseAlone(this ISiloBuilder silo)
    {
        (int siloPort, int gatewayPort) = FreePorts();
        return silo.UseLoopback(siloPort, gatewayPort);
    }

    /// <summary>A silo on loopback only, alone, on given ports.</summary>
    public static ISiloBuilder UseLoopback(this ISiloBuilder silo, int siloPort, int gatewayPort)
    {
        silo.UseLocalhostClustering(siloPort, gatewayPort);
        silo.ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Error));
        return silo;
    }

    /// <summary>Two ports of the loopback interface that were free a moment ago.</summary>
    private static (int Silo, int Gateway) FreePorts()
    {
        using Socket first = Bound();
        using Socket second = Bound();
        return (((IPEndPoint)first.LocalEndPoint!).Port, ((IPEndPoint)second.LocalEndPoint!).Port);
    }

    private static Socket Bound()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
