using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Models.Data;

// A development silo: alone, on loopback, with a gateway that an Orleans client on this machine can connect to.
Option<int> siloPort = new("--silo-port") { Description = "Port between silos.", DefaultValueFactory = _ => 11111 };
Option<int> gatewayPort = new("--gateway-port") { Description = "Port for clients.", DefaultValueFactory = _ => 30000 };
Option<int> threads = new("--threads") { Description = "Compute threads.", DefaultValueFactory = _ => Environment.ProcessorCount };
RootCommand root = new("A silo of the emulator, alone on this machine (development; clusters of silos are not built yet).") { siloPort, gatewayPort, threads };
root.SetAction(async (result, cancellation) =>
{
    int[] ports = [result.GetValue(siloPort), result.GetValue(gatewayPort)];
    foreach (int wrong in ports.Where(p => p is < 1 or > IPEndPoint.MaxPort))
    {
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"trn-silo: {wrong} is no port; choose one between 1 and {IPEndPoint.MaxPort}"));
        return 2;
    }

    int count = result.GetValue(threads);
    if (count is < 1 or > 1024)
    {
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"trn-silo: --threads is {count}; it must be between 1 and 1024"));
        return 2;
    }

    foreach (int port in ports)
    {
        // Orleans shares ports with whoever listens there already, and then half the messages go astray: look first.
        using Socket probe = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
        }
        catch (SocketException error)
        {
            Console.Error.WriteLine($"trn-silo: cannot listen on 127.0.0.1:{port} ({error.Message.TrimEnd('.')}); choose other ports with --silo-port and --gateway-port");
            return 1;
        }
    }

    using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
    builder.Services.AddEmulator(count, new DatasetLoader(DataCatalogue.FromEnvironment(), new Downloader(http)));
    builder.Services.AddSingleton<IHostLifetime, Microsoft.Extensions.Hosting.Internal.ConsoleLifetime>();
    builder.UseOrleans(silo => silo.UseLoopback(ports[0], ports[1]));
    using IHost host = builder.Build();
    try
    {
        await host.StartAsync(cancellation);
    }
    catch (Exception error) when (error is SocketException or IOException or AggregateException or OrleansException)
    {
        Console.Error.WriteLine($"trn-silo: cannot listen on ports {ports[0]} and {ports[1]}: {error.GetBaseException().Message.TrimEnd('.')}; choose others with --silo-port and --gateway-port");
        return 1;
    }

    Console.Out.WriteLine($"trn-silo ready: development silo on 127.0.0.1, silo port {ports[0]}, gateway {ports[1]}, {count} compute threads");
    await host.WaitForShutdownAsync(cancellation);
    return 0;
});
ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine($"trn-silo: {parsed.Errors[0].Message.TrimEnd('.')}");
    return 2;
}

return await parsed.InvokeAsync();
