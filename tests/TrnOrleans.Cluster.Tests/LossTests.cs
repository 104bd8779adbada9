using System.Text.Json;

namespace TrnOrleans.Cluster.Tests;

/// <summary>Silos that are killed or hang: the run goes on from the step that a replica has whole, with the bits that it would have had.</summary>
public sealed class LossTests
{
    private const int Steps = 400;

    /// <summary>Which of the silos has the run's own grain is chance: now and then it is one of those that go.</summary>
    [Theory]
    [InlineData(3, new[] { 0 }, "KILL")]
    [InlineData(4, new[] { 1, 2 }, "KILL")]
    [InlineData(3, new[] { 2 }, "STOP")]
    public async Task A_run_survives_the_loss_of_silos(int silos, int[] lost, string signal)
    {
        using TestCluster cluster = await TestCluster.StartAsync(silos);
        string expected = await Trn.DigestAsync(Trn.Train(cluster.Text, Steps, "--threads", "2"));
        using Trn.Following run = new(cluster.Train(Steps));
        await run.UntilStepAsync(50);
        foreach (int index in lost)
        {
            cluster.Silos[index].Signal(signal);
        }

        JsonElement end = await run.UntilAsync(e => Trn.Kind(e) is "end" or "failed");
        Assert.True(Trn.Kind(end) == "end", end.ToString());
        Assert.Equal(expected, Trn.Digest(end));
        Assert.Equal(Enumerable.Range(0, Steps).Select(s => (long)s), run.Events.Where(e => Trn.Kind(e) == "step").Select(e => e.GetProperty("step").GetInt64()));
        Assert.Contains(run.Events, e => Trn.Kind(e) == "recovery" && e.GetProperty("recomputed_steps").GetInt64() == 1);
        Assert.Equal(silos - lost.Length, run.Events.Last(e => Trn.Kind(e) == "layout").GetProperty("silos").GetArrayLength());
        Assert.Equal(0, await run.ExitAsync());
    }

    [Fact]
    public async Task A_silo_that_was_stopped_for_too_long_changes_nothing_when_it_wakes()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        using Trn.Following run = new(cluster.Train(10_000_000, "--run-id", "zombie"));
        await run.UntilStepAsync(50);
        cluster.Silos[1].Signal("STOP");
        await run.UntilSilosAsync(2);
        await run.UntilStepAsync(run.Events[^1].GetProperty("step").GetInt64() + 20);
        cluster.Silos[1].Signal("CONT");
        await run.UntilStepAsync(run.Events[^1].GetProperty("step").GetInt64() + 200);
        await Trn.EventsAsync("stop", "zombie", "--redis", cluster.Address, "--json");
        JsonElement end = await run.UntilAsync(e => Trn.Kind(e) is "end" or "failed");
        Assert.Equal(await Trn.DigestAsync(Trn.Train(cluster.Text, end.GetProperty("steps").GetInt64(), "--threads", "2")), Trn.Digest(end));
    }

    [Fact]
    public async Task A_run_without_a_silo_that_has_a_replica_ends_by_name()
    {
        using TestCluster cluster = await TestCluster.StartAsync(1);
        using Trn.Following run = new(cluster.Train(10_000_000));
        await run.UntilStepAsync(200);
        cluster.Silos[0].Signal("KILL");
        await cluster.AddSiloAsync();
        JsonElement failed = await run.UntilAsync(e => Trn.Kind(e) == "failed");
        Assert.True(failed.GetProperty("message").GetString()!.Contains("no silo is left that has a replica", StringComparison.Ordinal), failed.ToString());
        Assert.Equal(1, await run.ExitAsync());
    }
}
