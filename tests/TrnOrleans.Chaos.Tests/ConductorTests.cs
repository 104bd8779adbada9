using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Recovery;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Tests.Runs;
using TrnOrleans.Tests;

namespace TrnOrleans.Chaos.Tests;

/// <summary>The run's own grain is lost on purpose, with all that it has not written, at every moment of a commit and of a recovery.</summary>
public sealed class ConductorTests
{
    private const int Steps = 8;

    public static TheoryData<RunMoment, long> Moments()
    {
        TheoryData<RunMoment, long> moments = [];
        foreach (RunMoment moment in Enum.GetValues<RunMoment>().Where(m => m != RunMoment.Writing))
        {
            // The first layout, one after a failure, and the last step; what does not happen at a step cannot be met there.
            long[] steps = moment switch
            {
                RunMoment.Committing or RunMoment.Committed => [0, 3, Steps - 1],
                RunMoment.Validating => [3, Steps - 1],
                RunMoment.Finishing or RunMoment.Ended => [Steps],
                _ => [0, 4],
            };
            foreach (long step in steps)
            {
                moments.Add(moment, step);
            }
        }

        return moments;
    }

    [Theory]
    [MemberData(nameof(Moments))]
    public async Task A_conductor_that_is_lost_at_any_moment_changes_no_bit(RunMoment moment, long step)
    {
        RunSpec spec = TestSilo.TinySpec(chips: 2, ultraServers: 2, steps: Steps);
        spec = spec with { Training = spec.Training with { EvalEvery = 4 } };
        FaultManifest manifest = new()
        {
            Faults =
            [
                new FaultRule { Kind = "conductor_lost", Moment = moment, AtStep = step },
                new FaultRule { Kind = "switch_down", Target = "1", AtStep = 4 },
            ],
        };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest);
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        Assert.Equal(Enumerable.Range(0, Steps).Select(s => (long)s), result.Events.OfType<StepEvent>().Select(s => s.Step));
        Assert.Equal([4L, 8], result.Events.OfType<ValidationEvent>().Select(v => v.Step));
        Assert.Single(result.Journals.SelectMany(j => j).OfType<FaultInjected>(), f => f.Kind == "conductor_lost");
    }

    /// <summary>Lost again and again, while other things fail, too.</summary>
    [Fact]
    public async Task A_conductor_that_is_lost_at_every_other_step_changes_no_bit()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, ultraServers: 2, steps: 40);
        FaultManifest manifest = new()
        {
            Seed = 3,
            Faults = [new FaultRule { Kind = "conductor_lost", Rate = 0.1 }, new FaultRule { Kind = "switch_down", Rate = 0.1 }, new FaultRule { Kind = "ultraserver_lost", Rate = 0.05 }],
        };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest);
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        Assert.True(result.Journals.SelectMany(j => j).OfType<FaultInjected>().Select(f => (f.Kind, f.Site)).Distinct().Count() > 6);
    }

    /// <summary>A place in what a lost grain has told means nothing to the next one, which may know less.</summary>
    [Fact]
    public async Task A_place_in_another_telling_is_refused()
    {
        using TempFolder folder = new();
        await using TestSilo silo = await ChaosRun.StartSiloAsync(folder);
        RunSpec spec = TestSilo.TinySpec(steps: Steps);
        FaultManifest manifest = new() { Faults = [new FaultRule { Kind = "conductor_lost", Moment = RunMoment.Committed, AtStep = 5 }] };
        ITrainingRun run = silo.Run("run");
        RunOptions options = RunOptions.None with { Chaos = System.Text.Json.JsonSerializer.Serialize(manifest, Models.Json.StrictJson.Compact) };
        await run.Start(TestSilo.Text(spec), RunContent.None, options, TestSilo.Token);
        Guid before = (await run.Status(TestSilo.Token)).History;
        Exception gone = await Assert.ThrowsAnyAsync<Exception>(() => TestSilo.FollowAsync(run));
        Assert.True(gone is RunMovingException or EnumerationAbortedException, gone.ToString());
        List<RunEvent> events = await TestSilo.FollowAsync(run);
        Guid after = (await run.Status(TestSilo.Token)).History;
        Assert.NotEqual(before, after);
        await Assert.ThrowsAsync<RunMovingException>(async () => await run.Follow(3, before, TestSilo.Token).GetAsyncEnumerator(TestSilo.Token).MoveNextAsync());
        await using IAsyncEnumerator<RunEvent> rest = run.Follow(events.Count - 1, after, TestSilo.Token).GetAsyncEnumerator(TestSilo.Token);
        Assert.True(await rest.MoveNextAsync());
        Assert.Equal(events[^1].ToString(), rest.Current.ToString());
        await run.Close(TestSilo.Token);
    }
}
