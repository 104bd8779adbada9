using System.Diagnostics;
using System.Globalization;
using System.Text;
using TrnOrleans.Tests;

namespace TrnOrleans.Cluster.Tests;

/// <summary>A silo as a process of its own, with a data folder that no other has.</summary>
internal sealed class SiloProcess : IDisposable
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(1);
    private readonly Process _process;
    private readonly TempFolder _folder;
    private readonly StringBuilder _errors = new();

    private SiloProcess(Process process, TempFolder folder, int siloPort, int healthPort)
    {
        (_process, _folder, SiloPort, HealthPort) = (process, folder, siloPort, healthPort);
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
        _process.BeginErrorReadLine();
    }

    internal int SiloPort { get; }

    internal int HealthPort { get; }

    internal string Name => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{SiloPort}");

    /// <summary>Files that it has from the cluster.</summary>
    internal string[] Content => Directory.Exists(_folder.At("content")) ? [.. Directory.EnumerateFiles(_folder.At("content")).Select(Path.GetFileName)!] : [];

    /// <summary>Its data folder.</summary>
    internal string Data => _folder.Root;

    /// <summary>Folder of its journals.</summary>
    internal string Journals => _folder.At("journals");

    internal string Ready { get; private set; } = string.Empty;

    internal string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    internal int ExitCode => _process.ExitCode;

    internal static async Task<SiloProcess> StartAsync(string redis, params string[] more)
    {
        (int silo, int gateway, int health) = (Ports.Next(), Ports.Next(), Ports.Next());
        TempFolder folder = new();
        string[] defaults =
        [
            "--redis", redis, "--silo-port", Text(silo), "--gateway-port", Text(gateway), "--health-port", Text(health), "--threads", "1",
            "--data", folder.Root,
        ];

        // What is given goes over what is chosen here.
        string[] options = [.. defaults.Chunk(2).Where(pair => !more.Contains(pair[0])).SelectMany(pair => pair), .. more];
        Process process = ChildProcess.Start("trn-silo", options, Trn.Alone);
        SiloProcess started = new(process, folder, silo, health);
        using CancellationTokenSource deadline = new(s_deadline);
        started.Ready = await process.StandardOutput.ReadLineAsync(deadline.Token) ?? throw new InvalidOperationException($"the silo did not start: {started.Errors}");
        return started;
    }

    /// <summary>SIGTERM, and waits until it has drained and is gone.</summary>
    internal async Task StopAsync()
    {
        using (Process kill = Process.Start("kill", ["-TERM", Text(_process.Id)]))
        {
            await kill.WaitForExitAsync();
        }

        using CancellationTokenSource deadline = new(s_deadline);
        await _process.WaitForExitAsync(deadline.Token);
    }

    /// <summary>Sends a signal, such as KILL, and does not wait for what it does.</summary>
    internal void Signal(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", Text(_process.Id)]);
        kill.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        _folder.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
