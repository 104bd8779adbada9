using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using TrnOrleans.Grains.Hosting;

namespace TrnOrleans.Silo;

/// <summary>What a silo is told: by appsettings.json in the current folder, by variables TRN_…, by options; each goes over the one before.</summary>
/// <param name="Redis">Where the cluster meets; null for a silo that is alone.</param>
/// <param name="Cluster">Name of the cluster.</param>
/// <param name="Address">Where the silo listens, and what it tells others.</param>
/// <param name="SiloPort">For other silos.</param>
/// <param name="GatewayPort">For clients.</param>
/// <param name="HealthPort">For probes over HTTP; 0 for none.</param>
/// <param name="Threads">Compute threads.</param>
/// <param name="Data">Folder for data, or null for the user's cache.</param>
/// <param name="Checkpoints">Folder below which runs keep checkpoints, or null for one in the data folder.</param>
/// <param name="LogLevel">What is logged, as JSON on the error stream.</param>
/// <param name="AllowsChaos">Whether a run's faults may kill this process.</param>
internal sealed record SiloSettings(
    string? Redis, string Cluster, IPAddress Address, int SiloPort, int GatewayPort, int HealthPort, int Threads, string? Data, string? Checkpoints, LogLevel LogLevel,
    bool AllowsChaos)
{
    private const int MostThreads = 1024;

    /// <summary>Reads and checks.</summary>
    /// <exception cref="FormatException">one sentence about what is wrong.</exception>
    internal static SiloSettings Read(IConfiguration values)
    {
        SiloSettings settings = new(
            Text("redis"), Text("cluster") ?? EmulatorHosting.DefaultCluster, Address(), Port("silo_port", 11111, 1), Port("gateway_port", 30000, 1), Port("health_port", 18080, 0),
            Whole("threads", Environment.ProcessorCount, 1, MostThreads), Text("data"), Text("checkpoints"), Level(), Yes("allow_chaos"));
        int[] ports = [settings.SiloPort, settings.GatewayPort, settings.HealthPort];
        return ports.Distinct().Count() == ports.Length
            ? settings
            : throw new FormatException($"the ports {string.Join(", ", ports)} must differ; choose others with --silo-port, --gateway-port and --health-port");

        string? Text(string key) => string.IsNullOrEmpty(values[key]) ? null : values[key];

        int Port(string key, int otherwise, int least) => Whole(key, otherwise, least, IPEndPoint.MaxPort);

        int Whole(string key, int otherwise, int least, int most) =>
            Text(key) is not { } text ? otherwise
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most ? value
            : throw new FormatException($"{Option(key)} is {text}; it must be a whole number between {least} and {most}");

        IPAddress Address() =>
            Text("advertise") is not { } text ? IPAddress.Loopback
            : IPAddress.TryParse(text, out IPAddress? address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) ? address
            : throw new FormatException($"{Option("advertise")} is {text}; it must be an IP address of this machine that other silos can reach");

        bool Yes(string key) =>
            Text(key) switch
            {
                null or "false" => false,
                "true" => true,
                string text => throw new FormatException($"{Option(key)} is {text}; it must be true or false"),
            };

        LogLevel Level() =>
            Text("log_level") is not { } text ? LogLevel.Warning
            : Enum.TryParse(text, ignoreCase: true, out LogLevel level) && Enum.IsDefined(level) ? level
            : throw new FormatException($"{Option("log_level")} is {text}; it must be one of {string.Join(", ", Enum.GetNames<LogLevel>()).ToLowerInvariant()}");
    }

    private static string Option(string key) => $"--{key.Replace('_', '-')}";
}
