using CsCheck;
using TrnOrleans.Numerics.Normalization;

namespace TrnOrleans.Numerics.Tests;

/// <summary>RMSNorm against FP64, forward and backward.</summary>
public sealed class RmsNormTests
{
    private const float Epsilon = 1e-5f;

    [Fact]
    public void Rms_norm_equals_the_reference_on_random_shapes() =>
        Gen.Select(Gen.Int[0, 140], Gen.Int[1, 90], Gen.UInt).Sample(
            (rows, width, seed) =>
            {
                float[] x = TestData.Uniform(rows * width, seed);
                float[] weight = TestData.Uniform(width, seed + 1UL);
                float[] y = new float[x.Length];
                float[] scales = new float[rows];
                RmsNorm.Forward(x, weight, y, scales, Epsilon);
                Agree.Within(5e-6, NormReference.RmsNorm(TestData.Doubles(x), TestData.Doubles(weight), Epsilon), y);
            },
            iter: 60, threads: 1);

    [Theory]
    [InlineData(2, 2, false)]
    [InlineData(3, 7, true)]
    [InlineData(67, 33, false)]
    [InlineData(131, 16, true)]
    public void Rms_norm_gradients_equal_finite_differences(int rows, int width, bool accumulate)
    {
        float[] x = TestData.Uniform(rows * width, 1);
        float[] weight = TestData.Uniform(width, 2);
        float[] dy = TestData.Uniform(x.Length, 4);
        float[] before = TestData.Uniform(x.Length, 5);
        float[] scales = new float[rows];
        float[] dx = [.. before];
        float[] dWeight = TestData.Uniform(width, 6);
        RmsNorm.Forward(x, weight, new float[x.Length], scales, Epsilon);
        RmsNorm.Backward(x, weight, scales, dy, dx, dWeight, accumulate);

        double[] x64 = TestData.Doubles(x);
        double[] weight64 = TestData.Doubles(weight);
        FiniteDifferences.Check(v => Loss(v, weight64) + (accumulate ? FiniteDifferences.Project(v, before) : 0), x, dx, "input gradient", 1e-4);
        FiniteDifferences.Check(v => Loss(x64, v), weight, dWeight, "weight gradient");

        double Loss(double[] input, double[] w) => FiniteDifferences.Project(NormReference.RmsNorm(input, w, Epsilon), dy);
    }

    [Fact]
    public void Rms_norm_of_one_column_is_the_sign_and_has_almost_no_gradient()
    {
        // Too flat for a tolerance relative to the gradient: what is left is ε / x³ and the rounding of what cancels.
        float[] y = new float[2];
        float[] scales = new float[2];
        float[] dx = [9, 9];
        RmsNorm.Forward([3, -0.5f], [2], y, scales, 1e-8f);
        RmsNorm.Backward([3, -0.5f], [2], scales, [1, 1], dx, new float[1], accumulate: false);
        Agree.Within(1e-6, [2, -2], y);
        Assert.All(dx, value => Assert.InRange(value, -2e-6f, 2e-6f));
    }

    [Fact]
    public void Rms_norm_without_rows_has_zero_weight_gradients()
    {
        float[] dWeight = [1, 2];
        RmsNorm.Backward([], [1, 1], [], [], [], dWeight, accumulate: false);
        Agree.OnBits([0, 0], dWeight);
    }
}
