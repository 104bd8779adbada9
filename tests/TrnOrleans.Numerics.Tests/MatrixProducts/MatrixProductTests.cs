using CsCheck;
using TrnOrleans.Numerics.MatrixProducts;
using static TrnOrleans.Numerics.Tests.ProductReference;

namespace TrnOrleans.Numerics.Tests;

/// <summary>The three products against FP64 loops, and as the gradients of a linear layer.</summary>
public sealed class MatrixProductTests
{
    [Fact]
    public void Matrix_product_equals_the_reference_on_odd_shapes() =>
        Gen.Select(Gen.Int[0, 70], Gen.Int[0, 70], Gen.Int[0, 90], Gen.Int[0, 2], Gen.Bool, Gen.Bool, Gen.UInt).Sample(
            (m, n, k, form, withBias, withResidual, seed) => Compare((Form)form, m, n, k, withBias, withResidual, seed),
            iter: 150, threads: 1);

    [Theory]
    [InlineData(0, 5, 7)]
    [InlineData(5, 0, 7)]
    [InlineData(5, 7, 0)]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 523)]
    [InlineData(11, 31, 257)]
    [InlineData(12, 32, 256)]
    [InlineData(13, 33, 255)]
    [InlineData(47, 97, 101)]
    [InlineData(48, 257, 17)]
    [InlineData(97, 259, 513)]
    public void Matrix_product_equals_the_reference_around_every_block_size(int m, int n, int k)
    {
        foreach (Form form in Enum.GetValues<Form>())
        {
            Compare(form, m, n, k, withBias: false, withResidual: false, 1);
            Compare(form, m, n, k, withBias: true, withResidual: true, 2);
        }
    }

    [Fact]
    public void A_residual_in_the_memory_of_the_result_is_refused()
    {
        // C holds unfinished chains before the residual is read: the result would be the product twice.
        float[] c = [1, 2, 3, 4];
        Assert.Throws<ArgumentException>("residual", () => MatrixProduct.NN([1, 1], [1, 1], c, 2, 2, 1, residual: c));
        Agree.OnBits([1, 2, 3, 4], c);
    }

    [Fact]
    public void Products_and_column_sums_are_the_gradients_of_a_linear_layer()
    {
        const int rows = 67;
        const int inputs = 21;
        const int outputs = 35;
        float[] x = TestData.Uniform(rows * inputs, 1);
        float[] weight = TestData.Uniform(outputs * inputs, 2);
        float[] bias = TestData.Uniform(outputs, 3);
        float[] dy = TestData.Uniform(rows * outputs, 4);

        float[] dx = new float[x.Length];
        MatrixProduct.NN(dy, weight, dx, rows, inputs, outputs);
        float[] dWeight = new float[weight.Length];
        MatrixProduct.TN(dy, x, dWeight, outputs, inputs, rows);
        float[] dBias = new float[outputs];
        MatrixProducts.ColumnSums.Compute(dy, dBias);

        double[] x64 = TestData.Doubles(x);
        double[] weight64 = TestData.Doubles(weight);
        double[] bias64 = TestData.Doubles(bias);
        FiniteDifferences.Check(v => Loss(v, weight64, bias64), x, dx, "input gradient");
        FiniteDifferences.Check(v => Loss(x64, v, bias64), weight, dWeight, "weight gradient");
        FiniteDifferences.Check(v => Loss(x64, weight64, v), bias, dBias, "bias gradient");

        double Loss(double[] input, double[] w, double[] b) =>
            FiniteDifferences.Project(Multiply(Form.NT, input, w, rows, outputs, inputs, b, []), dy);
    }

    private static void Compare(Form form, int m, int n, int k, bool withBias, bool withResidual, uint seed)
    {
        float[] a = TestData.Uniform(m * k, seed);
        float[] b = TestData.Uniform(k * n, seed + 1UL);
        float[] bias = withBias && form != Form.TN ? TestData.Uniform(n, seed + 2UL) : [];
        float[] residual = withResidual ? TestData.Uniform(m * n, seed + 3UL) : [];
        float[] c = TestData.Uniform(m * n, seed + 4UL);
        Run(form, a, b, c, m, n, k, bias, residual);
        double[] expected = Multiply(
            form, TestData.Doubles(a), TestData.Doubles(b), m, n, k, TestData.Doubles(bias), TestData.Doubles(residual));
        Agree.Within(5e-6, expected, c, $"{form} {m} x {n} x {k}, element");
    }

    internal static void Run(Form form, float[] a, float[] b, float[] c, int m, int n, int k, float[] bias, float[] residual)
    {
        switch (form)
        {
            case Form.NN:
                MatrixProduct.NN(a, b, c, m, n, k, bias, residual);
                break;
            case Form.NT:
                MatrixProduct.NT(a, b, c, m, n, k, bias, residual);
                break;
            default:
                Assert.Empty(bias);
                MatrixProduct.TN(a, b, c, m, n, k, residual);
                break;
        }
    }
}
