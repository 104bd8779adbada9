using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Hardware.Clocks;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>What kernels and collectives count in a run is what the modelled machine counts for it.</summary>
public sealed class WorkCountTests
{
    [Theory]
    [InlineData(1, 1, "gpt")]
    [InlineData(3, 1, "gpt")]
    [InlineData(1, 4, "gpt")]
    [InlineData(5, 3, "gpt")]
    [InlineData(4, 2, "llama")]
    public async Task Counted_and_modelled_work_are_equal(int chips, int ultraServers, string family)
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec(chips, ultraServers, batch: 2 * chips * ultraServers, steps: 7);
        if (family == "llama")
        {
            spec = spec with { Model = spec.Model with { Family = NetworkFamily.Llama, KeyValueHeads = 1, Tied = false } };
        }

        EndEvent end = TestSilo.End(await silo.TrainAsync(spec));
        NetworkDescription description = spec.Model with { Vocabulary = silo.Replicas.Find("run", 0)!.Spec.Model.Vocabulary };
        ExecutedStep step = ExecutedStep.Of(
            Machine.Of(Catalogue.BuiltIn, "trn3-gen2", ultraServers), PrecisionRecipe.Of("fp32"), Workload.OfExecuted(description),
            NetworkFactory.Create(description).Layout.Length, chips, spec.Training.Batch);
        Assert.True(end.Work.Flops > 0);
        Assert.Equal(new WorkCount(7, 7 * step.ExecutedFlops, 7 * step.ScaleUpBytes, 7 * step.ScaleOutBytes), end.Work);
    }

    /// <summary>Whoever computes to compare has computed.</summary>
    [Fact]
    public async Task Work_of_witnesses_is_counted()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec(chips: 3, batch: 6, steps: 5);
        EndEvent once = TestSilo.End(await silo.TrainAsync(spec, "once"));
        ITrainingRun run = silo.Run("twice");
        await run.Start(TestSilo.Text(spec), RunContent.None, RunOptions.None with { Verify = 1 }, TestSilo.Token);
        List<RunEvent> events = await TestSilo.FollowAsync(run);
        Assert.Equal(2 * once.Work.Flops, TestSilo.End(events).Work.Flops);
        Assert.Equal(once.Digest, TestSilo.End(events).Digest);

        // Each chip is a witness of its neighbour, and behind by as much.
        Assert.All(events.OfType<StepEvent>(), s => Assert.Equal([new ChipDelay(0, 1, 0), new ChipDelay(1, 1, 0), new ChipDelay(2, 1, 0)], s.Delays));
    }
}
