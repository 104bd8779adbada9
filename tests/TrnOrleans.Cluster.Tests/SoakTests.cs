using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace TrnOrleans.Cluster.Tests;

/// <summary>Hundreds of faults over real silos, and silos killed by the dozen. tests/soak.sh runs them.</summary>
public sealed class SoakTests
{
    private const int Kills = 20;

    [Fact]
    public async Task A_storm_over_real_silos_changes_no_bit()
    {
        Soak.SkipUnlessAsked();
        using TestCluster cluster = await TestCluster.StartAsync(3);
        JsonElement[] events = await Trn.EventsAsync(cluster.Train(1000, "--chaos", "storm"));
        string digest = await Trn.DigestAsync(Trn.Train(cluster.Text, 1000, "--threads", "2"));
        Assert.Equal(digest, Trn.Digest(events[^1]));
        string[] journals = [.. cluster.Silos.Select(s => s.Journals)];
        JsonElement verified = (await Trn.EventsAsync(["verify", .. journals, "--digest", digest, "--json"])).Single();
        Assert.Empty(verified.GetProperty("violations").EnumerateArray());
        JsonElement report = (await Trn.EventsAsync(["report", .. journals, "--json"])).Single();
        int faults = report.GetProperty("faults").EnumerateObject().Sum(k => k.Value.GetInt32());
        TestContext.Current.TestOutputHelper!.WriteLine($"{faults} faults, {report.GetProperty("recoveries")} recoveries");
        Assert.True(faults >= 200, $"{faults} faults");
    }

    /// <summary>kill -9 of one silo of three, in turn, so that the run's own grain is hit too; a new one comes each time.</summary>
    [Fact]
    public async Task Kills_one_after_the_other_are_recovered_from_in_seconds()
    {
        Soak.SkipUnlessAsked();
        using MatrixRun run = await MatrixRun.StartAsync(3);
        List<double> seconds = [];
        for (int kill = 0; kill < Kills; kill++)
        {
            run.Cluster.Silos[kill].Signal("KILL");
            long begun = Stopwatch.GetTimestamp();
            await run.Run.UntilAsync(e => Trn.Kind(e) == "recovery");
            await run.Run.UntilAsync(e => Trn.Kind(e) == "step");
            seconds.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            await run.AddSiloAsync();
            await run.Run.UntilSilosAsync(3);
            await run.MoreStepsAsync(100);
        }

        await run.StopAsync();
        seconds.Sort();
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"next commit after kill -9: median {seconds[Kills / 2]:F2}, p95 {seconds[(Kills * 19 / 20) - 1]:F2}, max {seconds[^1]:F2} s"));
    }
}
