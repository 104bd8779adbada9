using CsCheck;
using TrnOrleans.Numerics.Attention;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Rotary positions against FP64.</summary>
public sealed class RotaryTests
{
    private const double Theta = 10_000;

    [Fact]
    public void Rotary_equals_the_reference_on_random_shapes() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[1, 70], Gen.Int[0, 3], Gen.Int[0, 2], Gen.Int[1, 40], Gen.UInt).Sample(
            (sequences, context, heads, otherHeads, half, seed) =>
            {
                int width = Math.Max(1, (heads + otherHeads) * 2 * half);
                float[] rows = TestData.Uniform(sequences * context * width, seed);
                double[] expected = AttentionReference.Rotate(TestData.Doubles(rows), width, heads, 2 * half, context, Theta);
                Rotary.Forward(rows, width, heads, context, new RotaryTable(context + 3, 2 * half, Theta));
                Agree.Within(2e-6, expected, rows);
            },
            iter: 60, threads: 1);

    [Fact]
    public void Rotary_gradient_equals_finite_differences()
    {
        const int context = 37;
        const int headWidth = 22;
        const int width = 3 * headWidth;
        RotaryTable table = new(context, headWidth, Theta);
        float[] rows = TestData.Uniform(2 * context * width, 1);
        float[] dy = TestData.Uniform(rows.Length, 2);
        float[] gradient = [.. dy];
        Rotary.Backward(gradient, width, 2, context, table);
        FiniteDifferences.Check(
            v => FiniteDifferences.Project(AttentionReference.Rotate(v, width, 2, headWidth, context, Theta), dy), rows, gradient, "gradient");
    }

    [Fact]
    public void Scaling_slows_long_wavelengths_keeps_short_ones_and_is_continuous_between()
    {
        RotaryScaling scaling = new(8, 1, 4, 8192);
        Assert.Equal(1.0, scaling.Apply(1.0));
        Assert.Equal(1e-5 / 8, scaling.Apply(1e-5));
        double low = 2 * Math.PI / 8192;
        Assert.Equal(low / 8, scaling.Apply(low * (1 + 1e-9)), 1e-6 * low);
        double high = 2 * Math.PI / (8192 / 4.0);
        Assert.Equal(high, scaling.Apply(high * (1 - 1e-9)), 1e-6 * high);
    }

    [Fact]
    public void An_odd_head_has_no_pairs_to_turn() => Assert.Throws<ArgumentException>("headWidth", () => new RotaryTable(8, 7, Theta));
}
