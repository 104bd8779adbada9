using System.Diagnostics;
using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Cluster.Tests;

/// <summary>
/// Networks that are cut, in a lab of namespaces: one side goes on, or the run waits; there are never two histories; and when the cut heals,
/// nobody has to do anything. Needs root, iproute2, redis-server and iptables, and takes minutes.
/// </summary>
public sealed class PartitionTests
{
    private const int Steps = 20_000;
    private static readonly TimeSpan s_cut = TimeSpan.FromSeconds(20);

    /// <summary>Who hears nothing from whom: hosts of silos by number, 0 for Redis.</summary>
    [Theory]
    [InlineData("halves", new[] { 1, 3, 1, 4, 2, 3, 2, 4, 3, 1, 4, 1, 3, 2, 4, 2 })]
    [InlineData("one alone", new[] { 3, 1, 3, 2, 3, 4, 3, 0, 1, 3, 2, 3, 4, 3 })]
    [InlineData("one way", new[] { 3, 1, 3, 2, 3, 4 })]
    [InlineData("no Redis for one", new[] { 2, 0 })]
    [InlineData("no Redis for any", new[] { 1, 0, 2, 0, 3, 0, 4, 0 })]
    public async Task A_cut(string what, int[] deaf)
    {
        Soak.SkipUnlessAsked();
        Assert.SkipUnless(Environment.UserName == "root" && await RunAsync("iptables", "-V") == 0 && await RunAsync("ip", "-V") == 0, "no network can be cut here");
        using TempFolder folder = new();
        string text = Trn.Text(folder);
        string journals = folder.At("journals");
        Assert.Equal(0, await LabAsync("up", "4"));
        try
        {
            using Process run = Start(["trn", .. Trn.Train(text, Steps, "--run-id", "cut", "--journal", journals)]);
            List<JsonElement> events = [];
            await UntilAsync(run, events, e => Trn.Kind(e) == "step" && e.GetProperty("step").GetInt64() >= 200);
            foreach (int[] pair in deaf.Chunk(2))
            {
                Assert.Equal(0, await LabAsync("exec", $"silo{pair[0]}", "iptables", "-A", "INPUT", "-s", Address(pair[1]), "-j", "DROP"));
            }

            await Soak.PassAsync(s_cut);
            foreach (int host in deaf.Chunk(2).Select(pair => pair[0]).Distinct())
            {
                Assert.Equal(0, await LabAsync("exec", $"silo{host}", "iptables", "-F"));
            }

            await UntilAsync(run, events, e => Trn.Kind(e) is "end" or "failed");
            Assert.True(Trn.Kind(events[^1]) == "end", $"{what}: {events[^1]}");
            string expected = await Trn.DigestAsync(Trn.Train(text, Steps, "--threads", "2"));
            Assert.Equal(expected, Trn.Digest(events[^1]));
            string[] written = [.. Enumerable.Range(1, 4).Select(host => $"/tmp/trn-lab/silo{host}/data/journals").Where(Directory.Exists)];
            JsonElement verified = (await Trn.EventsAsync(["verify", .. written, "--digest", expected, "--recovery-seconds", "60", "--json"])).Single();
            Assert.Empty(verified.GetProperty("violations").EnumerateArray());
        }
        finally
        {
            await LabAsync("down");
        }
    }

    private static string Address(int host) => host == 0 ? "10.77.0.3" : $"10.77.0.{10 + host}";

    private static Process Start(string[] arguments) => Process.Start(new ProcessStartInfo(Script(), arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static Task<int> LabAsync(params string[] arguments) => RunAsync(Script(), arguments);

    /// <summary>The repository's own, above the test's folder.</summary>
    private static string Script()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "infra", "lab")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder!.FullName, "infra", "lab");
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task drained = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            await drained;
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }

    private static async Task UntilAsync(Process run, List<JsonElement> events, Func<JsonElement, bool> fits)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(6));
        do
        {
            string line = await run.StandardOutput.ReadLineAsync(deadline.Token)
                ?? throw new InvalidOperationException($"the console ended: {await run.StandardError.ReadToEndAsync(deadline.Token)}");
            events.Add(JsonSerializer.Deserialize<JsonElement>(line));
        }
        while (!fits(events[^1]));
    }
}
