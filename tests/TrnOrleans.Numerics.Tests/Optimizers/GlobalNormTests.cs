using CsCheck;
using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Numerics.Tests;

/// <summary>The norm of a gradient and the factor that clips it.</summary>
public sealed class GlobalNormTests
{
    [Fact]
    public void The_norm_equals_the_reference_on_any_length() =>
        Gen.Select(Gen.Int[0, 50_000], Gen.UInt).Sample(
            (length, seed) =>
            {
                float[] x = TestData.Uniform(length, seed);
                double expected = Math.Sqrt(x.Sum(value => (double)value * value));
                Assert.InRange(GlobalNorm.Compute(x), expected * (1 - 1e-5), expected * (1 + 1e-5));
            },
            iter: 20, threads: 1);

    [Fact]
    public void The_norm_of_nothing_is_zero() => Assert.Equal(0, GlobalNorm.Compute([]));

    [Theory]
    [InlineData(10, 0, 1)]
    [InlineData(0.5, 1, 1)]
    [InlineData(4, 1, 0.25)]
    [InlineData(0, 1, 1)]
    public void The_clip_factor_brings_a_long_gradient_to_the_limit_and_leaves_a_short_one(double norm, double limit, double expected) =>
        Assert.Equal(expected, GlobalNorm.ClipFactor(norm, limit), 1e-6);

    [Fact]
    public void The_clip_factor_adds_a_millionth_to_the_norm() => Assert.Equal((float)(1e-6 / 3e-6), GlobalNorm.ClipFactor(2e-6, 1e-6));
}
