using CsCheck;
using TrnOrleans.Hardware.Clocks;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Hardware.Tests.Clocks;

/// <summary>What the model counts of a step is what kernels count that execute it.</summary>
public sealed class ExecutedStepTests
{
    private static readonly Gen<NetworkDescription> s_descriptions =
        from family in Gen.Enum<NetworkFamily>()
        from layers in Gen.Int[1, 3]
        from keys in Gen.Int[1, 2]
        from grouped in Gen.Int[1, 2]
        from headWidth in Gen.Int[1, 3]
        from hidden in Gen.Int[1, 40]
        from context in Gen.Int[1, 70]
        from vocabulary in Gen.Int[2, 40]
        from tied in Gen.Bool
        from sizes in Gen.Int[1, 30].Array[2, 4]
        select family == NetworkFamily.Mlp
            ? new NetworkDescription { Family = family, Sizes = sizes }
            : Described(family, layers, keys, family == NetworkFamily.Llama ? grouped : 1, 8 * headWidth, hidden, context, vocabulary, tied || family == NetworkFamily.Gpt);

    [Fact]
    public void The_model_counts_the_flops_that_kernels_count()
    {
        using ComputeEngine engine = new(2);
        (from description in s_descriptions from samples in Gen.Int[1, 4] select (description, samples)).Sample(
            c =>
            {
                Network network = NetworkFactory.Create(c.description);
                using AlignedBuffer weights = new(network.Layout.Length);
                using AlignedBuffer gradient = new(network.Layout.Length);
                network.Initialize(weights, 1);
                using Pass pass = network.CreateTrainingPass(c.samples);
                engine.RunAsync(() => pass.Train(weights, gradient, c.samples, 1, 1, 1, 0)).WaitAsync(TimeSpan.FromMinutes(1)).GetAwaiter().GetResult();
                Assert.True(pass.Flops > 0);
                Assert.Equal(pass.Flops, Workload.OfExecuted(c.description).ExecutedFlops(c.samples));
            },
            iter: 300, threads: 1);
    }

    /// <summary>Without attention, and but for the first layer's inputs, MFU's FLOP and the executed ones are the same.</summary>
    [Fact]
    public void An_mlp_executes_what_mfu_counts_but_for_the_gradient_of_its_inputs()
    {
        Workload work = Workload.OfExecuted(Presets.Mlp);
        Assert.Equal((work.FlopsPerToken * 32) - (2.0 * 32 * 784 * 128), work.ExecutedFlops(32));
    }

    [Fact]
    public void A_run_with_more_chips_than_the_machine_is_refused()
    {
        InvalidDescriptionException error = Assert.Throws<InvalidDescriptionException>(() => ExecutedStep.Of(
            Machine.Of(Catalogue.BuiltIn, "trn2.48xl", 1), PrecisionRecipe.Of("fp32"), Workload.OfExecuted(Presets.Mlp), 1000, 32, 64));
        Assert.Contains("16 chips", error.Message, StringComparison.Ordinal);
    }

    private static NetworkDescription Described(NetworkFamily family, int layers, int keys, int group, int headWidth, int hidden, int context, int vocabulary, bool tied) => new()
    {
        Family = family,
        Layers = layers,
        Heads = keys * group,
        KeyValueHeads = keys,
        HeadWidth = headWidth,
        Width = keys * group * headWidth,
        Hidden = hidden,
        Context = context,
        Vocabulary = vocabulary,
        Tied = tied,
        InitializerRange = 0.02,
    };
}
