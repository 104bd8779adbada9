using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Training;
using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Tests.Precision;

/// <summary>Whole networks in other formats than FP32.</summary>
public sealed class QuantizedNetworkTests
{
    private const int Samples = 4;

    public static TheoryData<string, string> Cases => new(
        from name in new[] { "gpt", "llama", "tied llama", "mlp" } from recipe in PrecisionRecipes.Names.Skip(1) select (name, recipe));

    /// <summary>Packed once for all chips or cast by each: the same numbers; and they point where FP32's gradient points.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void A_gradient_is_near_that_of_FP32_and_the_same_however_weights_are_packed(string name, string recipe)
    {
        float[] exact = Gradient(NetworkFactory.Create(Tiny.Named(name)), packed: false);
        Network network = Create(name, recipe);
        float[] rounded = Gradient(network, packed: false);
        Assert.Equal(rounded, Gradient(network, packed: true));
        Assert.NotEqual(exact, rounded);
        double cosine = Dot(exact, rounded) / Math.Sqrt(Dot(exact, exact) * Dot(rounded, rounded));
        double least = recipe switch { "mxfp4" => 0.8, "fp8" or "mxfp8" => 0.97, _ => 0.9999 };
        Assert.InRange(cosine, least, 1.0000001);
    }

    /// <summary>A linear layer by hand: an mlp of one has nothing else, and its gradient is one product of what was rounded.</summary>
    [Theory]
    [InlineData("bf16")]
    [InlineData("mxfp8_e4m3")]
    [InlineData("scaled_fp8_e5m2")]
    public void A_layer_computes_with_its_operands_in_their_formats(string format)
    {
        NetworkDescription description = new() { Family = NetworkFamily.Mlp, Sizes = [40, 7] };
        OperandFormat operand = OperandFormat.Find(format)!;
        Network network = NetworkFactory.Create(description, PrecisionRecipes.Resolve(new PrecisionSpec { Weights = format, Activations = format, Gradients = format, LossScaling = LossScalingKind.None }));
        using AlignedBuffer weights = Tiny.Weights(network);
        using AlignedBuffer gradient = new(network.Layout.Length);
        using Pass pass = network.CreateTrainingPass(64);
        Tiny.Fill(pass.Inputs, description, 0, 64);
        float[] x = [.. pass.Inputs.Features];
        int[] targets = [.. pass.Inputs.Targets];
        pass.Train(weights, gradient, 64, 1f / 64, 1, 0, 0);

        OperandCast cast = new(operand) { Saturates = true };
        float[] w = [.. weights.Span(0, 7 * 40)];
        ReadOnlySpan<float> bias = weights.Span(network.Layout.Parameters[1].Offset, 7);
        float[] rows = Apply(x, 40, Contraction.Row);
        float[] wide = Apply(w, 40, Contraction.Row);
        float[] slopes = new float[64 * 7];
        for (int i = 0; i < 64; i++)
        {
            double[] logits = new double[7];
            for (int c = 0; c < 7; c++)
            {
                logits[c] = bias[c];
                for (int k = 0; k < 40; k++)
                {
                    logits[c] += (double)rows[(i * 40) + k] * wide[(c * 40) + k];
                }
            }

            double sum = logits.Sum(Math.Exp);
            Assert.Equal(Math.Log(sum) - logits[targets[i]], pass.Losses[i], 1e-4);
            for (int c = 0; c < 7; c++)
            {
                slopes[(i * 7) + c] = (float)((Math.Exp(logits[c]) / sum - (c == targets[i] ? 1 : 0)) / 64);
            }
        }

        float[] down = new OperandCast(operand) { Saturates = operand.Element.Specials == SpecialCodes.None } is var g ? ApplyWith(g, slopes, 7, Contraction.Column) : [];
        float[] columns = operand.IsElementWise ? rows : Apply(x, 40, Contraction.Column);
        for (int c = 0; c < 7; c++)
        {
            for (int k = 0; k < 40; k++)
            {
                double expected = 0;
                for (int i = 0; i < 64; i++)
                {
                    expected += (double)down[(i * 7) + c] * columns[(i * 40) + k];
                }

                // A slope that lies on the border between two numbers may round either way: the logits here are FP64.
                Assert.Equal(expected, gradient.Span()[(c * 40) + k], 2e-3);
            }
        }

        float[] Apply(float[] values, int width, Contraction contraction) => ApplyWith(cast, values, width, contraction);

        static float[] ApplyWith(OperandCast how, float[] values, int width, Contraction contraction)
        {
            float[] y = new float[values.Length];
            how.Apply(values, y, width, contraction);
            return y;
        }
    }

    [Theory]
    [InlineData("none", 0)]
    [InlineData("head", 1)]
    [InlineData("ends", 9)]
    public void Layers_that_stay_in_BF16_are_those_that_were_named(string which, int kept)
    {
        NetworkDescription description = Tiny.Gpt with { Layers = 4 };
        Network network = NetworkFactory.Create(description, PrecisionRecipes.Resolve(new PrecisionSpec { Recipe = "mxfp4", Bf16Layers = Enum.Parse<Bf16Layers>(which, ignoreCase: true) }));
        IReadOnlyList<OperandNumerics> seen = Watch(network);
        string[] bf16 = [.. seen.Where(s => s.Tensor == "weights" && s.Format.Name == "bf16").Select(s => s.Layer)];
        Assert.Equal(kept, bf16.Length);
        Assert.Equal(17, seen.Count(s => s.Tensor == "weights"));
        Assert.All(bf16, layer => Assert.True(layer == "output" || layer.StartsWith("layers.0.", StringComparison.Ordinal) || layer.StartsWith("layers.3.", StringComparison.Ordinal)));
    }

    /// <summary>An outlier among small numbers costs them their bits in FP4; spread over sixteen it does not.</summary>
    [Fact]
    public void A_rotation_saves_what_an_outlier_would_cost()
    {
        double plain = WithOutliers(hadamard: false);
        double turned = WithOutliers(hadamard: true);
        Assert.True(turned > plain + 2, $"{turned:F1} dB are not well above {plain:F1} dB");

        static double WithOutliers(bool hadamard)
        {
            NetworkDescription description = new() { Family = NetworkFamily.Mlp, Sizes = [64, 32] };
            Network network = NetworkFactory.Create(description, PrecisionRecipes.Resolve(new PrecisionSpec { Recipe = "mxfp4", Hadamard = hadamard, Bf16Layers = Bf16Layers.None }));
            Network exact = NetworkFactory.Create(description);
            using AlignedBuffer weights = Tiny.Weights(network);
            (double signal, double noise) = (0, 0);
            float[] rounded = Logits(network, weights, description);
            float[] wanted = Logits(exact, weights, description);
            for (int i = 0; i < wanted.Length; i++)
            {
                signal += wanted[i] * (double)wanted[i];
                noise += (wanted[i] - rounded[i]) * (double)(wanted[i] - rounded[i]);
            }

            return 10 * Math.Log10(signal / noise);
        }

        static float[] Logits(Network network, AlignedBuffer weights, NetworkDescription description)
        {
            using Pass pass = network.CreateInferencePass(1);
            Tiny.Fill(pass.Inputs, description, 0, 1);
            pass.Inputs.Features[5] = 40;
            return [.. pass.Infer(weights, 1)];
        }
    }

    [Theory]
    [InlineData("mxfp8")]
    [InlineData("mixed_precisionSR")]
    public void Watching_changes_nothing_and_says_what_was_rounded(string recipe)
    {
        Network network = Create("gpt", recipe);
        Assert.Equal(Gradient(network, packed: true), Gradient(network, packed: true, new NumericsProbe()));
        IReadOnlyList<OperandNumerics> seen = Watch(network);
        Assert.All(seen, s => Assert.InRange(s.Statistics.SqnrDecibels, 20, 60));
        Assert.All(seen, s => Assert.Equal(0, s.Statistics.Saturated));
        Assert.Equal(["activations", "backward_weights", "gradients", "weights"], seen.Select(s => s.Tensor).Distinct().Except(["backward_activations"]).Order());
    }

    /// <summary>FP32 that nobody keeps beside it: after an update every weight is a number of BF16, and its mean moves as FP32's would.</summary>
    [Fact]
    public void Weights_without_a_master_copy_are_BF16_after_every_update_and_unbiased()
    {
        const int parameters = 1 << 16;
        NetworkDescription description = new() { Family = NetworkFamily.Mlp, Sizes = [256, 256] };
        Network network = NetworkFactory.Create(description, PrecisionRecipes.Resolve(new PrecisionSpec { Recipe = "bf16SR" }));
        using AlignedBuffer weights = new(network.Layout.Length);
        using AlignedBuffer gradient = new(network.Layout.Length);
        weights.Span(0, parameters).Fill(1);
        gradient.Span(0, parameters).Fill(1);
        ShardOptimizer optimizer = new(new OptimizerSpec { Kind = OptimizerKind.Sgd }, network, 0, network.Layout.Length, seed: 5);
        for (int step = 0; step < 20; step++)
        {
            // A tenth of what BF16 can tell apart below 1.
            optimizer.Apply(weights, gradient, [], step, 1.0 / 2560, 1);
        }

        float[] after = [.. weights.Span(0, parameters)];
        Assert.All(after, w => Assert.Equal(0, BitConverter.SingleToInt32Bits(w) & 0xFFFF));
        double mean = after.Average(w => (double)w);

        // Steps of 1/256 or 1/128, taken at random: 20 steps deviate by under 1/60 for one weight, and by 1/60/256 for their mean.
        Assert.Equal(1 - (20.0 / 2560), mean, 4.0 / 60 / 256);
        Assert.True(after.Distinct().Count() > 2);
    }

    private static IReadOnlyList<OperandNumerics> Watch(Network network)
    {
        using NumericsProbe probe = new();
        Gradient(network, packed: true, probe);
        return probe.Seen;
    }

    private static Network Create(string name, string recipe) => NetworkFactory.Create(Tiny.Named(name), PrecisionRecipes.Resolve(new PrecisionSpec { Recipe = recipe }));

    private static float[] Gradient(Network network, bool packed, NumericsProbe? probe = null)
    {
        using AlignedBuffer weights = Tiny.Weights(network);
        using AlignedBuffer gradient = new(network.Layout.Length);
        using PackedWeights shared = new(network);
        using Pass pass = network.CreateTrainingPass(Samples);
        Tiny.Fill(pass.Inputs, network.Description, 0, Samples);
        pass.Train(weights, gradient, Samples, 0.1f, 1, 3, 0, packed ? shared : null, probe: probe);
        return [.. gradient.Span()];
    }

    private static double Dot(float[] x, float[] y) => x.Zip(y).Sum(p => (double)p.First * p.Second);
}
