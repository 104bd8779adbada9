using CsCheck;
using TrnOrleans.Numerics.Activations;

namespace TrnOrleans.Numerics.Tests;

/// <summary>GELU, ReLU and SwiGLU against FP64, forward and backward.</summary>
public sealed class ActivationTests
{
    [Fact]
    public void Gelu_equals_the_reference_on_any_length() =>
        Gen.Select(Gen.Int[0, 200], Gen.UInt).Sample(
            (length, seed) =>
            {
                // Beside a value of ordinary size: alone, one far below 0 has the relative error of its exponent's, which is that of 2 u.
                float[] x = [1, .. TestData.Uniform(length, seed, -8, 8)];
                float[] y = new float[x.Length];
                Gelu.Forward(x, y);
                Agree.Within(1e-6, ActivationReference.Gelu(TestData.Doubles(x)), y);
            },
            iter: 60, threads: 1);

    [Fact]
    public void Relu_equals_the_reference_on_any_length() =>
        Gen.Select(Gen.Int[0, 200], Gen.UInt).Sample(
            (length, seed) =>
            {
                float[] x = TestData.Uniform(length, seed);
                float[] y = new float[length];
                Relu.Forward(x, y);
                Agree.Within(0, ActivationReference.Relu(TestData.Doubles(x)), y);
            },
            iter: 60, threads: 1);

    [Fact]
    public void Swiglu_equals_the_reference_on_random_shapes() =>
        Gen.Select(Gen.Int[0, 140], Gen.Int[1, 50], Gen.UInt).Sample(
            (rows, width, seed) =>
            {
                float[] x = TestData.Uniform(rows * 2 * width, seed, -8, 8);
                float[] y = new float[rows * width];
                SwiGlu.Forward(x, y, width);
                Agree.Within(1e-6, ActivationReference.SwiGlu(TestData.Doubles(x), width), y);
            },
            iter: 60, threads: 1);

    [Fact]
    public void Gelu_gradient_equals_finite_differences()
    {
        float[] x = TestData.Uniform(117, 1, -5, 5);
        float[] dy = TestData.Uniform(x.Length, 2);
        float[] dx = new float[x.Length];
        Gelu.Backward(x, dy, dx);
        FiniteDifferences.Check(v => FiniteDifferences.Project(ActivationReference.Gelu(v), dy), x, dx, "gradient");
        Gelu.Backward(x, dy, dy);
        Agree.OnBits(dx, dy, "in place");
    }

    [Fact]
    public void Relu_gradient_equals_finite_differences_away_from_zero()
    {
        float[] x = Array.ConvertAll(TestData.Uniform(117, 1), v => MathF.Abs(v) < 0.01f ? 1f : v);
        float[] dy = TestData.Uniform(x.Length, 2);
        float[] y = new float[x.Length];
        float[] dx = new float[x.Length];
        Relu.Forward(x, y);
        Relu.Backward(y, dy, dx);
        FiniteDifferences.Check(v => FiniteDifferences.Project(ActivationReference.Relu(v), dy), x, dx, "gradient");
    }

    [Fact]
    public void Relu_has_derivative_zero_at_zero_and_lets_nan_through()
    {
        float[] y = new float[4];
        Relu.Forward([0f, -0f, float.NaN, float.NegativeInfinity], y);
        Assert.Equal([0f, 0f, float.NaN, 0f], y);
        float[] dx = [7, 7];
        Relu.Backward([0f, -0f], [3, 3], dx);
        Agree.OnBits([0, 0], dx);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(67, 5)]
    [InlineData(3, 37)]
    public void Swiglu_gradient_equals_finite_differences(int rows, int width)
    {
        float[] x = TestData.Uniform(rows * 2 * width, 1, -4, 4);
        float[] dy = TestData.Uniform(rows * width, 2);
        float[] dx = new float[x.Length];
        SwiGlu.Backward(x, dy, dx, width);
        FiniteDifferences.Check(v => FiniteDifferences.Project(ActivationReference.SwiGlu(v, width), dy), x, dx, "gradient");
        float[] inPlace = [.. x];
        SwiGlu.Backward(inPlace, dy, inPlace, width);
        Agree.OnBits(dx, inPlace, "in place");
    }
}
