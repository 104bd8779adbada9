using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Training;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Tests;

/// <summary>A chip's part of a step, from the samples to the updated shard, takes no memory once the first steps have made it.</summary>
public sealed class StepAllocationTests
{
    [Theory]
    [InlineData("gpt-nano", 1, false)]
    [InlineData("gpt-nano", 2, true)]
    [InlineData("llama-nano", 2, true)]
    public async Task A_language_models_step_allocates_nothing(string preset, int threads, bool packed)
    {
        TextDataset data = TextDataset.FromBytes("text", [.. Enumerable.Range(0, 4000).Select(i => (byte)(32 + (i * i % 90)))], 0.1);
        await AllocatesNothing(Presets.All[preset] with { Vocabulary = data.Vocabulary!.Count, Layers = 2, Dropout = 0.1f }, data, threads, packed, OptimizerKind.AdamW);
    }

    [Theory]
    [InlineData("bf16SR")]
    [InlineData("mixed_precisionSR")]
    [InlineData("fp8")]
    [InlineData("mxfp4")]
    public async Task A_step_in_another_format_allocates_nothing(string recipe)
    {
        TextDataset data = TextDataset.FromBytes("text", [.. Enumerable.Range(0, 4000).Select(i => (byte)(32 + (i * i % 90)))], 0.1);
        NetworkPrecision precision = PrecisionRecipes.Resolve(new PrecisionSpec { Recipe = recipe, Hadamard = recipe == "mxfp4" });
        await AllocatesNothing(Presets.GptNano with { Vocabulary = data.Vocabulary!.Count, Layers = 2 }, data, 2, packed: true, OptimizerKind.AdamW, precision);
    }

    [Theory]
    [InlineData(1, OptimizerKind.Sgd)]
    [InlineData(2, OptimizerKind.AdamW)]
    public async Task An_mlps_step_allocates_nothing(int threads, OptimizerKind optimizer)
    {
        LabelledImages images = new([.. Enumerable.Range(0, 50 * 784).Select(i => (byte)(i * 37))], [.. Enumerable.Range(0, 50).Select(i => (byte)(i % 10))]);
        await AllocatesNothing(Presets.All["mlp"], new ImageDataset("images", images, images), threads, packed: true, optimizer);
    }

    private static async Task AllocatesNothing(NetworkDescription description, IDataset data, int threads, bool packed, OptimizerKind kind, NetworkPrecision? precision = null)
    {
        const int samples = 5;
        Network network = NetworkFactory.Create(description, precision);
        using ComputeEngine engine = new(threads);
        using AlignedBuffer weights = new(network.Layout.Length);
        using AlignedBuffer gradient = new(network.Layout.Length);
        using AlignedBuffer first = new(network.Layout.Length);
        using AlignedBuffer second = new(network.Layout.Length);
        using Pass pass = network.CreateTrainingPass(samples);
        using PackedWeights packedWeights = new(network);
        network.Initialize(weights, 1);
        OptimizerSpec spec = new() { Kind = kind, WeightDecay = 0.1 };
        AlignedBuffer[] states = [.. new[] { first, second }.Take(spec.StateCount)];
        ShardOptimizer optimizer = new(spec, network, 0, network.Layout.Length);
        BatchPlan plan = new(SampleOrder.Random, 1, samples);
        long allocated = -1;
        await engine.RunAsync(() =>
        {
            Steps(0, 5);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Steps(5, 20);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        });
        Assert.Equal(0, allocated);

        void Steps(long from, int count)
        {
            for (long step = from; step < from + count; step++)
            {
                data.FillBatch(plan, step, 0, samples, pass.Inputs);
                pass.Train(weights, gradient, samples, 1f / pass.Rows, 1, (uint)step, 0, packed ? packedWeights : null);
                optimizer.Apply(weights, gradient, states, step, 1e-3, 1);
                packedWeights.Invalidate();
            }
        }
    }
}
