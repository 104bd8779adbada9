using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Garnet;
using TrnOrleans.Tests;

namespace TrnOrleans.Cluster.Tests;

/// <summary>Where a cluster meets: Garnet inside the test, which needs nothing installed, or a real redis-server process.</summary>
internal sealed class RedisUnderTest : IDisposable
{
    private readonly GarnetServer? _garnet;
    private Process? _redis;
    private readonly TempFolder _folder = new();

    private RedisUnderTest(string kind, string? password)
    {
        Port = Ports.Next();
        string port = Port.ToString(CultureInfo.InvariantCulture);
        if (kind == Garnet)
        {
            string[] protection = password is null ? [] : ["--auth", "Password", "--password", password];
            _garnet = new GarnetServer(["--bind", "127.0.0.1", "--port", port, "--lua", "true", "--logger-level", "None", .. protection]);
            _garnet.Start();
            return;
        }

        StartRedis(password);
    }

    /// <summary>Sends the server process a signal, such as STOP.</summary>
    internal void Signal(string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", _redis!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>A new process at the same place, which knows nothing.</summary>
    internal void StartAgain()
    {
        _redis!.WaitForExit();
        _redis.Dispose();
        StartRedis(null);
    }

    /// <summary>What an administrator says to it.</summary>
    internal async Task SayAsync(params string[] words)
    {
        ProcessStartInfo start = new("redis-cli", ["-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), .. words]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string answer = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0 && !answer.StartsWith("ERR", StringComparison.Ordinal), answer);
    }

    private void StartRedis(string? password)
    {
        string port = Port.ToString(CultureInfo.InvariantCulture);
        ProcessStartInfo start = new("redis-server") { RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = _folder.Root };
        string[] options = ["--port", port, "--bind", "127.0.0.1", "--save", string.Empty, "--appendonly", "no", .. password is null ? [] : new[] { "--requirepass", password }];
        foreach (string option in options)
        {
            start.ArgumentList.Add(option);
        }

        _redis = Process.Start(start)!;
        _redis.BeginOutputReadLine();
    }

    internal const string Garnet = "garnet";
    internal const string Redis = "redis";

    internal int Port { get; }

    internal string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Starts one; skips the test where there is no redis-server.</summary>
    internal static async Task<RedisUnderTest> StartAsync(string kind = Garnet, string? password = null)
    {
        Assert.SkipWhen(kind == Redis && !IsInstalled(), "there is no redis-server here");
        RedisUnderTest server = new(kind, password);
        using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                using TcpClient probe = new();
                await probe.ConnectAsync(IPAddress.Loopback, server.Port, deadline.Token);
                return server;
            }
            catch (SocketException)
            {
                await Task.Delay(50, deadline.Token);
            }
        }
    }

    public void Dispose()
    {
        _garnet?.Dispose();
        if (_redis is not null)
        {
            _redis.Kill();
            _redis.WaitForExit();
            _redis.Dispose();
        }

        _folder.Dispose();
    }

    private static bool IsInstalled() =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "redis-server")));
}
