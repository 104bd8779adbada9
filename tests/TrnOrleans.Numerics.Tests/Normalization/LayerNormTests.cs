using CsCheck;
using TrnOrleans.Numerics.Normalization;

namespace TrnOrleans.Numerics.Tests;

/// <summary>LayerNorm against FP64, forward and backward.</summary>
public sealed class LayerNormTests
{
    private const float Epsilon = 1e-5f;

    [Fact]
    public void Layer_norm_equals_the_reference_on_random_shapes() =>
        Gen.Select(Gen.Int[0, 140], Gen.Int[2, 90], Gen.UInt).Sample(
            (rows, width, seed) =>
            {
                float[] x = TestData.Uniform(rows * width, seed);
                float[] weight = TestData.Uniform(width, seed + 1UL);
                float[] bias = TestData.Uniform(width, seed + 2UL);
                float[] y = new float[x.Length];
                LayerNorm.Forward(x, weight, bias, y, new float[2 * rows], Epsilon);
                Agree.Within(5e-5, NormReference.LayerNorm(TestData.Doubles(x), TestData.Doubles(weight), TestData.Doubles(bias), Epsilon), y);
            },
            iter: 60, threads: 1);

    [Fact]
    public void Layer_norm_of_one_column_is_the_bias()
    {
        float[] y = new float[3];
        LayerNorm.Forward([5, -7, 11], [2], [0.25f], y, new float[6], Epsilon);
        Agree.OnBits([0.25f, 0.25f, 0.25f], y);
    }

    [Fact]
    public void Layer_norm_keeps_mean_and_scale_of_each_row()
    {
        float[] statistics = new float[4];
        LayerNorm.Forward([1, 2, 3, 4, 4, 4], [1, 1, 1], [0, 0, 0], new float[6], statistics, 1f);
        Agree.Within(1e-6, [2, 1 / Math.Sqrt((2.0 / 3) + 1), 4, 1], statistics);
    }

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(3, 7, true)]
    [InlineData(67, 33, false)]
    [InlineData(131, 16, true)]
    public void Layer_norm_gradients_equal_finite_differences(int rows, int width, bool accumulate)
    {
        float[] x = TestData.Uniform(rows * width, 1);
        float[] weight = TestData.Uniform(width, 2);
        float[] bias = TestData.Uniform(width, 3);
        float[] dy = TestData.Uniform(x.Length, 4);
        float[] before = TestData.Uniform(x.Length, 5);
        float[] statistics = new float[2 * rows];
        float[] dx = [.. before];
        float[] dWeight = TestData.Uniform(width, 6);
        float[] dBias = TestData.Uniform(width, 7);
        LayerNorm.Forward(x, weight, bias, new float[x.Length], statistics, Epsilon);
        LayerNorm.Backward(x, weight, statistics, dy, dx, dWeight, dBias, accumulate);

        double[] x64 = TestData.Doubles(x);
        double[] weight64 = TestData.Doubles(weight);
        double[] bias64 = TestData.Doubles(bias);

        // What was there before is the gradient of a residual: its loss is Σ x · before.
        FiniteDifferences.Check(
            v => Loss(v, weight64, bias64) + (accumulate ? FiniteDifferences.Project(v, before) : 0), x, dx, "input gradient");
        FiniteDifferences.Check(v => Loss(x64, v, bias64), weight, dWeight, "weight gradient");
        FiniteDifferences.Check(v => Loss(x64, weight64, v), bias, dBias, "bias gradient");

        double Loss(double[] input, double[] w, double[] b) => FiniteDifferences.Project(NormReference.LayerNorm(input, w, b, Epsilon), dy);
    }

    [Fact]
    public void Layer_norm_without_rows_has_zero_weight_gradients()
    {
        float[] dWeight = [1, 2];
        float[] dBias = [3, 4];
        LayerNorm.Backward([], [1, 1], [], [], [], dWeight, dBias, accumulate: false);
        Agree.OnBits([0, 0], dWeight);
        Agree.OnBits([0, 0], dBias);
    }
}
