using System.Text.Json;

namespace TrnOrleans.Cluster.Tests;

/// <summary>Faults over real silo processes: the digest of the fault-free run, and a checker that finds nothing in the silos' journals.</summary>
public sealed class ChaosTests
{
    private const int Steps = 120;

    [Fact]
    public async Task Blocks_that_are_changed_lost_doubled_or_late_change_no_bit()
    {
        (JsonElement report, JsonElement end) = await SurvivesAsync(
            2, """{"seed":3,"faults":[{"kind":"lost_block","at_step":20},{"kind":"bit_flip_wire","rate":0.1},{"kind":"doubled_block","rate":0.1},{"kind":"slow_link","rate":0.1,"seconds":0.05}]}""");
        foreach (string kind in new[] { "bit_flip_wire", "lost_block", "doubled_block", "slow_link" })
        {
            Assert.True(report.GetProperty("faults").GetProperty(kind).GetInt32() > 0, kind);
        }

        Assert.Equal(0, report.GetProperty("recoveries").GetInt32());

        // Late blocks are waited for in modelled time: each that was late kept all others waiting, but for those of the last step.
        double late = report.GetProperty("faults").GetProperty("slow_link").GetInt32() * 0.05;
        Assert.InRange(end.GetProperty("modelled_idle_seconds").GetDouble(), 0.5 * late / 8, 1.01 * late);
    }

    [Fact]
    public async Task A_silo_that_is_killed_by_a_manifest_and_a_shard_that_is_lost_change_no_bit()
    {
        (JsonElement report, JsonElement end) = await SurvivesAsync(3, """{"faults":[{"kind":"hbm_error","target":"0/1","at_step":30},{"kind":"silo_kill","target":"3","at_step":60}]}""");
        Assert.Equal(2, report.GetProperty("recoveries").GetInt32());
        Assert.Equal(1, report.GetProperty("faults").GetProperty("silo_kill").GetInt32());
        Assert.Equal(2 * 60, end.GetProperty("modelled_recovery_seconds").GetDouble(), 1.0);
    }

    [Fact]
    public async Task A_silo_that_does_not_allow_it_is_not_killed()
    {
        using TestCluster cluster = await TestCluster.StartAsync(1);
        string manifest = cluster.Folder.File("kill.json", """{"faults":[{"kind":"silo_kill","at_step":3}]}""");
        JsonElement[] events = await Trn.EventsAsync(cluster.Train(10, "--chaos", manifest));
        Assert.DoesNotContain(events, e => Trn.Kind(e) == "recovery");
    }

    [Fact]
    public async Task A_fault_that_somebody_injects_strikes_once()
    {
        using TestCluster cluster = await TestCluster.StartAsync(2);
        string[] on = ["--redis", cluster.Address, "--json"];
        using Trn.Following run = new(cluster.Train(10_000_000, "--run-id", "live", "--journal", cluster.Folder.At("journals")));
        await run.UntilStepAsync(50);
        foreach ((string kind, string target) in new[] { ("hbm_error", "3/1"), ("ultraserver_lost", "1"), ("bit_flip_wire", "0") })
        {
            await Trn.EventsAsync(["chaos", "inject", kind, "--run", "live", "--target", target, .. on]);
            await run.UntilStepAsync(run.LastStep + 400);
        }

        await Trn.RefusedAsync(2, "trn", ["chaos", "inject", "nothing", "--run", "live", "--target", "0", .. on]);
        await Trn.RefusedAsync(2, "trn", ["chaos", "inject", "hang", "--run", "live", "--target", "9/0", .. on]);
        await Trn.RefusedAsync(2, "trn", ["chaos", "inject", "hang", "--run", "live", .. on]);
        await Trn.RefusedAsync(2, "trn", ["chaos", "inject", "hang", "--run", "live", "--target", "0/0", "--at-step", "3", .. on]);
        await Trn.RefusedAsync(1, "trn", ["chaos", "inject", "hang", "--run", "none", "--target", "0/0", .. on]);
        Assert.Contains("--allow-chaos", await Trn.RefusedAsync(1, "trn", ["chaos", "inject", "silo_kill", "--run", "live", "--target", "0", .. on]), StringComparison.Ordinal);
        await Trn.EventsAsync(["stop", "live", .. on]);
        JsonElement end = await run.UntilAsync(e => Trn.Kind(e) is "end" or "failed");
        string digest = await Trn.DigestAsync(Trn.Train(cluster.Text, end.GetProperty("steps").GetInt64(), "--threads", "2"));
        Assert.Equal(digest, Trn.Digest(end));

        // Asked by the run's name, the silos hand out what they have written.
        JsonElement report = (await Trn.EventsAsync(["report", "live", .. on])).Single();
        Assert.Equal([1, 1, 1], new[] { "hbm_error", "ultraserver_lost", "bit_flip_wire" }.Select(kind => report.GetProperty("faults").GetProperty(kind).GetInt32()));
        Assert.Equal(2, report.GetProperty("recoveries").GetInt32());
        Assert.Empty((await Trn.EventsAsync(["verify", "live", "--digest", digest, .. on])).Single().GetProperty("violations").EnumerateArray());
    }

    private static async Task<(JsonElement Report, JsonElement End)> SurvivesAsync(int silos, string manifest)
    {
        using TestCluster cluster = await TestCluster.StartAsync(0);
        for (int i = 0; i < silos; i++)
        {
            await cluster.AddSiloAsync("--allow-chaos", "true");
        }

        string file = cluster.Folder.File("manifest.json", manifest);
        JsonElement[] events = await Trn.EventsAsync(cluster.Train(Steps, "--chaos", file));
        string digest = await Trn.DigestAsync(Trn.Train(cluster.Text, Steps, "--threads", "2"));
        Assert.Equal(digest, Trn.Digest(events[^1]));
        string[] journals = [.. cluster.Silos.Select(s => s.Journals)];
        JsonElement verified = (await Trn.EventsAsync(["verify", .. journals, "--digest", digest, "--json"])).Single();
        Assert.Empty(verified.GetProperty("violations").EnumerateArray());
        return ((await Trn.EventsAsync(["report", .. journals, "--json"])).Single(), events[^1]);
    }
}
