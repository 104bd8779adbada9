using System.Text.Json;

namespace TrnOrleans.Cluster.Tests;

/// <summary>
/// A run on real silos to which something is done: it goes on and on until it is stopped, and then what it came to is held against the
/// fault-free run of as many steps, and its journals against the invariants.
/// </summary>
internal sealed class MatrixRun : IDisposable
{
    private const string Id = "matrix";

    private MatrixRun(TestCluster cluster, long steps)
    {
        Cluster = cluster;
        Run = new Trn.Following(cluster.Train(steps, "--run-id", Id, "--journal", cluster.Folder.At("journals"), "--checkpoint-dir", "c", "--checkpoint-every", "200"));
    }

    internal TestCluster Cluster { get; }

    internal Trn.Following Run { get; }

    internal static async Task<MatrixRun> StartAsync(int silos, string kind = RedisUnderTest.Garnet, long steps = 10_000_000)
    {
        TestCluster cluster = await TestCluster.StartAsync(0, kind);
        MatrixRun? run = null;
        try
        {
            for (int i = 0; i < silos; i++)
            {
                await AddSiloAsync(cluster);
            }

            run = new MatrixRun(cluster, steps);
            await run.Run.UntilStepAsync(50);
            return run;
        }
        catch
        {
            run?.Dispose();
            cluster.Dispose();
            throw;
        }
    }

    internal Task<SiloProcess> AddSiloAsync() => AddSiloAsync(Cluster);

    /// <summary>Waits for so many steps more, from the last one that the console has shown.</summary>
    internal Task MoreStepsAsync(int steps) => Run.UntilStepAsync(Run.LastStep + steps);

    /// <summary>Stops the run, and checks all that there is to check.</summary>
    /// <param name="recoverySeconds">How long a recovery may have taken.</param>
    /// <returns>The report.</returns>
    internal async Task<JsonElement> StopAsync(double recoverySeconds = 20)
    {
        await Trn.EventsAsync("stop", Id, "--redis", Cluster.Address, "--json");
        return await EndAsync(recoverySeconds);
    }

    /// <summary>Waits for the end of a run, and checks all that there is to check.</summary>
    internal async Task<JsonElement> EndAsync(double recoverySeconds = 20)
    {
        JsonElement end = await Run.UntilAsync(e => Trn.Kind(e) is "end" or "failed");
        Assert.True(Trn.Kind(end) == "end", end.ToString());
        int code = await Run.ExitAsync();
        string errors = await Run.ErrorsAsync();
        Assert.True(code == 0 ? errors.Length == 0 : errors.Contains("has lost the table of its silos", StringComparison.Ordinal), errors);
        long steps = end.GetProperty("steps").GetInt64();
        Assert.Equal(Enumerable.Range(0, (int)steps).Select(s => (long)s), Run.Events.Where(e => Trn.Kind(e) == "step").Select(e => e.GetProperty("step").GetInt64()));
        string expected = await Trn.DigestAsync(Trn.Train(Cluster.Text, steps, "--threads", "2"));
        Assert.Equal(expected, Trn.Digest(end));
        string[] journals = [.. Cluster.Silos.Select(s => s.Journals).Where(folder => Directory.Exists(folder) && Directory.GetFiles(folder).Length > 0).Distinct()];
        JsonElement verified = (await Trn.EventsAsync(["verify", .. journals, "--digest", expected, "--recovery-seconds", $"{recoverySeconds}", "--json"])).Single();
        Assert.Empty(verified.GetProperty("violations").EnumerateArray());
        return (await Trn.EventsAsync(["report", .. journals, "--json"])).Single();
    }

    public void Dispose()
    {
        Run.Dispose();
        Cluster.Dispose();
    }

    private static Task<SiloProcess> AddSiloAsync(TestCluster cluster) => cluster.AddSiloAsync("--checkpoints", cluster.Folder.At("checkpoints"));
}
