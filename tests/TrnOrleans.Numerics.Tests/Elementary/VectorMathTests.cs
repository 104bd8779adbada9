using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Elementary;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Vector functions against Math in FP64: within 2.5 ulp, as they promise, and the values at the edges.</summary>
public sealed class VectorMathTests
{
    private const int Samples = 200_000;

    [Fact]
    public void Exp_is_within_its_bound_on_its_whole_range() =>
        WithinUlps(2.5, TestData.Uniform(Samples, 1, -104, 88.8), VectorMath.Exp, Math.Exp);

    [Fact]
    public void Exp_is_within_its_bound_near_zero() => WithinUlps(2.5, AnyExponent(-149, -1), VectorMath.Exp, Math.Exp);

    [Fact]
    public void Tanh_is_within_its_bound_on_its_whole_range()
    {
        WithinUlps(2.5, TestData.Uniform(Samples, 1, -20, 20), VectorMath.Tanh, Math.Tanh);
        WithinUlps(2.5, TestData.Uniform(Samples, 2, -1, 1), VectorMath.Tanh, Math.Tanh);
        WithinUlps(2.5, AnyExponent(-149, 127), VectorMath.Tanh, Math.Tanh);
    }

    [Fact]
    public void Log_is_within_its_bound_on_its_whole_range()
    {
        WithinUlps(2.5, [.. AnyExponent(-149, 127).Select(MathF.Abs)], VectorMath.Log, Math.Log);
        WithinUlps(2.5, TestData.Uniform(Samples, 3, 0.5, 2), VectorMath.Log, Math.Log);
    }

    [Fact]
    public void Sigmoid_is_accurate_on_its_whole_range() =>
        WithinUlps(4, TestData.Uniform(Samples, 4, -87, 100), VectorMath.Sigmoid, x => 1 / (1 + Math.Exp(-x)));

    [Fact]
    public void Reciprocal_square_root_is_within_its_two_roundings()
    {
        float[] x = [.. AnyExponent(-149, 127).Select(MathF.Abs)];
        WithinUlps(1.5, x, VectorMath.ReciprocalSquareRoot, v => 1 / Math.Sqrt(v));
        Assert.All(x.Take(100), v => Assert.Equal(Lane(VectorMath.ReciprocalSquareRoot, v), VectorMath.ReciprocalSquareRoot(v)));
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(float.MaxValue, float.PositiveInfinity)]
    [InlineData(float.MinValue, 0f)]
    [InlineData(88.73f, float.PositiveInfinity)]
    [InlineData(-103.98f, 0f)]
    [InlineData(float.Epsilon, 1f)]
    public void Exp_has_exact_values_at_the_edges(float x, float expected) => SameOrNan(expected, Lane(VectorMath.Exp, x));

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(float.PositiveInfinity, 1f)]
    [InlineData(float.NegativeInfinity, -1f)]
    [InlineData(float.MaxValue, 1f)]
    [InlineData(float.MinValue, -1f)]
    [InlineData(float.Epsilon, float.Epsilon)]
    [InlineData(-float.Epsilon, -float.Epsilon)]
    [InlineData(float.NaN, float.NaN)]
    public void Tanh_has_exact_values_at_the_edges(float x, float expected) => SameOrNan(expected, Lane(VectorMath.Tanh, x));

    [Theory]
    [InlineData(1f, 0f)]
    [InlineData(0f, float.NegativeInfinity)]
    [InlineData(-1f, float.NaN)]
    [InlineData(-float.Epsilon, float.NaN)]
    [InlineData(float.NegativeInfinity, float.NaN)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void Log_has_exact_values_at_the_edges(float x, float expected)
    {
        SameOrNan(expected, Lane(VectorMath.Log, x));
        SameOrNan(expected, VectorMath.Log(x));
    }

    [Theory]
    [InlineData(0f, 0.5f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.PositiveInfinity, 1f)]
    [InlineData(float.NaN, float.NaN)]
    public void Sigmoid_has_exact_values_at_the_edges(float x, float expected) => SameOrNan(expected, Lane(VectorMath.Sigmoid, x));

    [Fact]
    public void Minus_zero_is_a_zero_with_its_sign()
    {
        SameOrNan(1f, Lane(VectorMath.Exp, -0f));
        SameOrNan(-0f, Lane(VectorMath.Tanh, -0f));
        SameOrNan(float.NegativeInfinity, Lane(VectorMath.Log, -0f));
    }

    private static void SameOrNan(float expected, float actual)
    {
        if (float.IsNaN(expected))
        {
            Assert.True(float.IsNaN(actual), $"expected NaN, got {actual:R}");
        }
        else
        {
            Agree.OnBits([expected], [actual]);
        }
    }

    private static void WithinUlps(double bound, float[] values, Func<Vector512<float>, Vector512<float>> function, Func<double, double> reference)
    {
        for (int i = 0; i + 16 <= values.Length; i += 16)
        {
            Vector512<float> result = function(Vector512.Create<float>(values.AsSpan(i, 16)));
            for (int lane = 0; lane < 16; lane++)
            {
                float x = values[i + lane];
                double expected = reference(x);
                double magnitude = Math.Abs(expected);
                if (magnitude > float.MaxValue)
                {
                    Assert.True(float.IsInfinity(result[lane]) || result[lane] == float.MaxValue, $"at {x:R}: {result[lane]:R}");
                    continue;
                }

                // The spacing of floats at the result; subnormals have that of the smallest normal.
                double ulp = Math.ScaleB(1, Math.Max(-126, magnitude == 0 ? -126 : Math.ILogB(magnitude)) - 23);
                double error = Math.Abs(result[lane] - expected) / ulp;
                Assert.True(error <= bound, $"at {x:R}: expected {expected:R}, got {result[lane]:R}, {error:F2} ulp");
            }
        }
    }

    /// <summary>Both signs, every exponent alike.</summary>
    private static float[] AnyExponent(int from, int to)
    {
        float[] significands = TestData.Uniform(Samples, 5, 1, 2);
        int[] exponents = TestData.Indices(Samples, to - from + 1, 6);
        return [.. significands.Select((s, i) => (float)Math.ScaleB(i % 2 == 0 ? s : -s, from + exponents[i])).Where(v => v != 0 && float.IsFinite(v))];
    }

    private static float Lane(Func<Vector512<float>, Vector512<float>> function, float x) => function(Vector512.Create(x))[11];
}
