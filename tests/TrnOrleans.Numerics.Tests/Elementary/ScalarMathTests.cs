using TrnOrleans.Numerics.Elementary;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Scalar functions against Math.</summary>
public sealed class ScalarMathTests
{
    private const int Samples = 50_000;

    [Fact]
    public void Exp_equals_math_exp() => Relative(1e-13, TestData.Uniform(Samples, 1, -700, 709), ScalarMath.Exp, Math.Exp);

    [Fact]
    public void Log_equals_math_log()
    {
        Relative(1e-13, TestData.Uniform(Samples, 1, 0, 1e6), ScalarMath.Log, Math.Log);
        Relative(1e-13, TestData.Uniform(Samples, 2, 0.5, 2), ScalarMath.Log, Math.Log);
        Assert.Equal(Math.Log(double.MaxValue), ScalarMath.Log(double.MaxValue), 1e-10);
        Assert.Equal(Math.Log(double.Epsilon), ScalarMath.Log(double.Epsilon), 1e-10);
    }

    [Fact]
    public void Sine_and_cosine_equal_math_to_1e13_up_to_two_to_the_twentieth()
    {
        foreach (double range in new[] { 1.0, 10.0, 1e3, 1 << 20 })
        {
            foreach (float x in TestData.Uniform(Samples, 3, -range, range))
            {
                Assert.Equal(Math.Sin(x), ScalarMath.Sin(x), 1e-13);
                Assert.Equal(Math.Cos(x), ScalarMath.Cos(x), 1e-13);
            }
        }
    }

    [Fact]
    public void Powers_equal_math_pow()
    {
        Relative(1e-13, TestData.Uniform(Samples, 4, 1e-3, 1e4), x => ScalarMath.Pow(x, -1.7), x => Math.Pow(x, -1.7));
        Relative(1e-12, TestData.Uniform(Samples, 5, 0.9, 1.1), x => ScalarMath.Pow(x, 1000L), x => Math.Pow(x, 1000));
        Assert.Equal(1, ScalarMath.Pow(0.3, 0L));
        Assert.Equal(-27, ScalarMath.Pow(-3, 3L));
        Assert.Throws<ArgumentOutOfRangeException>(() => ScalarMath.Pow(2, -1L));
    }

    [Fact]
    public void Functions_have_exact_values_at_the_edges()
    {
        Assert.Equal(1, ScalarMath.Exp(0));
        Assert.Equal(0, ScalarMath.Exp(double.NegativeInfinity));
        Assert.Equal(double.PositiveInfinity, ScalarMath.Exp(709.8));
        Assert.Equal(double.NaN, ScalarMath.Exp(double.NaN));
        Assert.Equal(0, ScalarMath.Log(1));
        Assert.Equal(double.NegativeInfinity, ScalarMath.Log(0));
        Assert.Equal(double.NaN, ScalarMath.Log(-1));
        Assert.Equal(double.PositiveInfinity, ScalarMath.Log(double.PositiveInfinity));
        Assert.Equal(0, ScalarMath.Sin(0));
        Assert.Equal(1, ScalarMath.Cos(0));
    }

    private static void Relative(double tolerance, float[] values, Func<double, double> function, Func<double, double> reference)
    {
        foreach (float x in values)
        {
            double expected = reference(x);
            double actual = function(x);
            Assert.True(Math.Abs(actual - expected) <= tolerance * Math.Abs(expected), $"at {x:R}: expected {expected:R}, got {actual:R}");
        }
    }
}
