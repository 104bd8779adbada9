using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Hardware.Clocks;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>Runs in other formats than FP32.</summary>
public sealed class PrecisionTests
{
    private static PrecisionSpec Fp16 { get; } = new() { Recipe = "mixed_precision", Gradients = "fp16", LossScaling = LossScalingKind.Dynamic, LossScale = 1L << 40 };

    [Theory]
    [InlineData("bf16SR", 5, 1)]
    [InlineData("mixed_precisionSR", 2, 3)]
    [InlineData("mxfp4", 2, 3)]
    public async Task The_number_of_compute_threads_changes_no_bit(string recipe, int chips, int ultraServers)
    {
        RunSpec spec = TestSilo.TinySpec(chips, ultraServers, batch: 30) with { Precision = new PrecisionSpec { Recipe = recipe } };
        HashSet<string> digests = [];
        foreach (int threads in new[] { 1, 2, 3 })
        {
            await using TestSilo silo = await TestSilo.StartAsync(threads);
            digests.Add(TestSilo.End(await silo.TrainAsync(spec)).Digest);
        }

        Assert.Single(digests);
    }

    /// <summary>Replicas add in another order than chips of one do, and round on their way; the losses stay near each other.</summary>
    [Fact]
    public async Task Every_layout_has_nearly_the_same_losses()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        foreach (string recipe in PrecisionRecipes.Names)
        {
            PrecisionSpec precision = new() { Recipe = recipe };
            double[] one = TestSilo.Losses(await silo.TrainAsync(TestSilo.TinySpec(1) with { Precision = precision }, $"{recipe}1"));
            double[] six = TestSilo.Losses(await silo.TrainAsync(TestSilo.TinySpec(3, 2) with { Precision = precision }, $"{recipe}6"));
            Assert.All(one.Zip(six), pair => Assert.Equal(pair.First, pair.Second, 0.05));
        }
    }

    /// <summary>A loss times 2^40 overflows FP16: steps are skipped until the scale is small enough, and then it goes on.</summary>
    [Fact]
    public async Task Steps_that_overflow_are_skipped_and_counted_and_the_scale_is_halved()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        List<RunEvent> events = await silo.TrainAsync(TestSilo.TinySpec(2, 2, steps: 45) with { Precision = Fp16 });
        StepEvent[] steps = [.. events.OfType<StepEvent>()];
        Assert.Equal(45, steps.Length);
        int skipped = steps.TakeWhile(s => s.IsSkipped).Count();
        Assert.InRange(skipped, 5, 40);
        for (int i = 0; i < steps.Length; i++)
        {
            Assert.Equal(Math.ScaleB(1, 40 - steps.Take(i).Count(s => s.IsSkipped)), steps[i].LossScale);
        }

        // Nothing was learnt by what was skipped, and something by the rest; norms are those of the unscaled gradient.
        Assert.Equal(0, steps[0].GradientNorm);
        Assert.InRange(steps[skipped].GradientNorm, 0.01, 100);
        Assert.True(steps[^1].Loss < steps[skipped].Loss - 0.1);
    }

    [Fact]
    public async Task What_overflows_for_ever_ends_the_run_by_name()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        PrecisionSpec hopeless = new() { Recipe = "mixed_precision", Gradients = "fp16", LossScaling = LossScalingKind.Static, LossScale = 1L << 40 };
        List<RunEvent> events = await silo.TrainAsync(TestSilo.TinySpec(steps: 90) with { Precision = hopeless });
        Assert.Contains("overflowed in 51 steps one after the other", Assert.IsType<FailedEvent>(events[^1]).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bf16SR", 5, 3)]
    [InlineData("mxfp8", 4, 2)]
    public async Task Counted_and_modelled_work_are_equal(string recipe, int chips, int ultraServers)
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec(chips, ultraServers, batch: 2 * chips * ultraServers, steps: 7) with { Precision = new PrecisionSpec { Recipe = recipe } };
        EndEvent end = TestSilo.End(await silo.TrainAsync(spec));
        NetworkDescription description = spec.Model with { Vocabulary = silo.Replicas.Find("run", 0)!.Spec.Model.Vocabulary };
        Network network = NetworkFactory.Create(description, PrecisionRecipes.Resolve(spec.Precision));
        ExecutedStep step = ExecutedStep.Of(
            Machine.Of(Catalogue.BuiltIn, "trn3-gen2", ultraServers), PrecisionRecipe.Of(network.Precision), Workload.OfExecuted(description), network.Layout.Length, chips,
            spec.Training.Batch);
        Assert.Equal(new WorkCount(7, 7 * step.ExecutedFlops, 7 * step.ScaleUpBytes, 7 * step.ScaleOutBytes), end.Work);
        ExecutedStep whole = ExecutedStep.Of(
            Machine.Of(Catalogue.BuiltIn, "trn3-gen2", ultraServers), PrecisionRecipe.Of("fp32"), Workload.OfExecuted(description), network.Layout.Length, chips, spec.Training.Batch);
        Assert.Equal((whole.ScaleUpBytes, whole.ScaleOutBytes), (2 * step.ScaleUpBytes, 2 * step.ScaleOutBytes));
    }

    /// <summary>No part of a replica holds another copy of the weights, and the one there is holds numbers of BF16.</summary>
    [Fact]
    public async Task Bf16SR_keeps_no_FP32_master_copy()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec(3, steps: 6) with { Precision = new PrecisionSpec { Recipe = "bf16SR" } };
        await silo.TrainAsync(spec);
        Replica replica = silo.Replicas.Find("run", 0)!;
        Assert.Equal(1 + spec.Optimizer.StateCount, replica.Parts);
        float[] weights = [.. replica.Read(0, 0, (int)replica.Length).Span];
        Assert.All(weights, w => Assert.Equal(0, BitConverter.SingleToInt32Bits(w) & 0xFFFF));
        float[] moments = [.. replica.Read(1, 0, (int)replica.Length).Span];
        Assert.Contains(moments, m => (BitConverter.SingleToInt32Bits(m) & 0xFFFF) != 0);
    }

    [Fact]
    public async Task Formats_are_watched_when_somebody_asks_and_no_bit_changes()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec(2, 2, steps: 7) with { Precision = new PrecisionSpec { Recipe = "mxfp4" } };
        string digest = TestSilo.End(await silo.TrainAsync(spec, "alone")).Digest;
        ITrainingRun run = silo.Run("watched");
        await run.Start(TestSilo.Text(spec), RunContent.None, RunOptions.None with { NumericsEvery = 3 }, TestSilo.Token);
        List<RunEvent> events = await TestSilo.FollowAsync(run);
        Assert.Equal(digest, TestSilo.End(events).Digest);
        NumericsEvent[] seen = [.. events.OfType<NumericsEvent>()];
        Assert.Equal([0L, 3L, 6L], seen.Select(s => s.Step));
        Assert.All(seen, s => Assert.Equal(seen[0].Tensors.Select(t => (t.Layer, t.Tensor)), s.Tensors.Select(t => (t.Layer, t.Tensor))));
        Assert.Contains(seen[0].Tensors, t => t is { Layer: "layers.0.feedforward.down", Tensor: "activations", Format: "mxfp4_e2m1", FlushedShare: > 0 and < 0.5 });
    }
}
