using System.Diagnostics;
using System.Globalization;

namespace TrnOrleans.Benchmarks.Peers;

/// <summary>Some silos on this machine, meeting in a redis-server of their own; gone when disposed.</summary>
internal sealed class LocalSilos : IDisposable
{
    private const int FirstPort = 23100;
    private readonly List<Process> _processes = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("trnorleans-silos-");

    /// <param name="silos">How many.</param>
    /// <param name="threads">Compute threads of each.</param>
    /// <param name="place">Distinguishes the ports of several of these.</param>
    internal LocalSilos(int silos, int threads, int place)
    {
        int port = FirstPort + (100 * place);
        Redis = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        Start("redis-server", $"--port {port} --bind 127.0.0.1 --save \"\" --dir {_folder.FullName}", "Ready to accept connections");
        for (int silo = 1; silo <= silos; silo++)
        {
            Start(
                "dotnet",
                $"{Programs.Path("silo/bin/Release/net10.0/trn-silo.dll")} --redis {Redis} --silo-port {port + (3 * silo)} --gateway-port {port + (3 * silo) + 1} --health-port 0 --threads {threads} --data {_folder.FullName}/{silo}",
                "ready");
        }
    }

    /// <summary>Where they meet.</summary>
    internal string Redis { get; }

    public void Dispose()
    {
        foreach (Process process in Enumerable.Reverse(_processes))
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private void Start(string program, string arguments, string ready)
    {
        Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        _processes.Add(process);
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (line.Contains(ready, StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync();
                return;
            }
        }

        throw new InvalidOperationException($"{program} {arguments} did not start");
    }
}
