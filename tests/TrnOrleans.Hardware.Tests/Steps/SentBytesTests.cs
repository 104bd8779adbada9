using CsCheck;
using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Hardware.Steps;

namespace TrnOrleans.Hardware.Tests.Steps;

/// <summary>What a chip sends in a step, message by message.</summary>
public sealed class SentBytesTests
{
    private const int Sequence = 512;
    private static readonly PrecisionRecipe s_recipe = PrecisionRecipe.Of("mixed_precision");

    /// <summary>Experts: from the first chip to every other of its group, each over the level on which the two meet.</summary>
    [Fact]
    public void Experts_are_sent_to_where_they_are() => Gen.Select(Choice.Of(2, 4, 12, 36), Choice.Of(1, 2, 3), Choice.Of(1, 2)).Sample((experts, perToken, micro) =>
    {
        Workload work = Workload.Of(PlanModels.All["llama3-8b"], Sequence, experts: 72, perToken);
        Layout layout = new() { DataParallel = 144, ExpertParallel = experts, MicroBatch = micro, FlashAttention = true };
        (string Level, double Bytes)[] sent = [.. Cost(work, layout, 144 * micro, s_recipe with { WireBytes = 0 }).Sent];
        Fabric fabric = Machine.Of(Catalogue.BuiltIn, "trn3-gen2", 1).Fabric;
        double[] expected = new double[fabric.Links.Count];
        double rows = (double)micro * Sequence * work.Width * s_recipe.ActivationBytes * perToken;
        for (int other = 1; other < experts; other++)
        {
            // Out and back, forward and backward, in every block.
            expected[fabric.MeetingLevel(0, other)] += 4 * work.Blocks * rows / experts;
        }

        Assert.Equal(expected.Length, sent.Length);
        Assert.All(expected.Zip(sent), pair => Assert.Equal(pair.First, pair.Second.Bytes, 1e-6 * expected.Sum()));
    });

    /// <summary>2 · (n − 1) / n of the gradient in an all-reduce, however it goes over the levels; halves of it with each micro-batch for ZeRO-2 and -3.</summary>
    [Fact]
    public void Gradients_are_sent_as_often_as_they_are_summed() => Gen.Select(Choice.Of(2, 4, 72, 144), Choice.Of(1, 3), Gen.Int[0, 3]).Sample((ranks, micro, zero) =>
    {
        Workload work = Workload.Of(PlanModels.All["llama3-8b"], Sequence);
        StepCost cost = Cost(work, new Layout { DataParallel = ranks, Zero = zero, FlashAttention = true }, ranks * micro, s_recipe);
        double halves = zero switch { 0 or 1 => 2, 2 => 1 + micro, _ => 3 * micro };
        double half = (ranks - 1.0) / ranks * work.Parameters * s_recipe.WireBytes;
        Assert.Equal(1, cost.Sent.Sum(s => s.Bytes) / (halves * half), 1e-9);
    });

    private static StepCost Cost(Workload work, Layout layout, long batch, PrecisionRecipe recipe) => Machine.Of(Catalogue.BuiltIn, "trn3-gen2", 1).Model(recipe, work).Evaluate(layout, batch);
}
