using CsCheck;
using TrnOrleans.Numerics.MatrixProducts;
using static TrnOrleans.Numerics.Tests.ProductReference;

namespace TrnOrleans.Numerics.Tests;

/// <summary>The contract on bits: one chain of fused multiply-adds over k ascending from zero, then the bias, then the residual.</summary>
public sealed unsafe class ProductChainTests
{
    [Fact]
    public void Matrix_product_equals_its_chain_bit_for_bit_on_random_shapes() =>
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 80], Gen.Int[0, 80], Gen.Int[0, 2], Gen.Bool, Gen.UInt).Sample(
            (m, n, k, form, extras, seed) => Compare((Form)form, m, n, k, extras, seed), iter: 120, threads: 1);

    [Theory]
    [InlineData(1, 32, 600)]
    [InlineData(5, 33, 257)]
    [InlineData(50, 65, 513)]
    [InlineData(97, 257, 300)]
    [InlineData(12, 129, 128)]
    [InlineData(16, 47, 800)]
    [InlineData(63, 100, 390)]
    [InlineData(64, 65, 577)]
    [InlineData(65, 33, 600)]
    [InlineData(161, 261, 1000)]
    [InlineData(30, 2100, 12)]
    [InlineData(3100, 33, 9)]
    [InlineData(13, 512, 512)]
    [InlineData(1, 3, 148_225)]
    [InlineData(2, 5, 300_000)]
    public void Matrix_product_equals_its_chain_bit_for_bit_across_blocks(int m, int n, int k)
    {
        foreach (Form form in Enum.GetValues<Form>())
        {
            Compare(form, m, n, k, extras: true, 11);
        }
    }

    [Fact]
    public void Every_tile_equals_the_plain_tile_bit_for_bit()
    {
        const int k = 37;
        const int stride = MicroKernel.Columns + 3;
        for (int rows = 1; rows <= MicroKernel.Rows; rows++)
        {
            foreach (bool fromZero in new[] { true, false })
            {
                float[] a = TestData.Uniform(MicroKernel.Rows * k, 1);
                float[] b = TestData.Uniform(k * stride, 2);
                float[] actual = TestData.Uniform(MicroKernel.Rows * stride, 3);
                float[] expected = [.. actual];
                fixed (float* pa = a, pb = b, pActual = actual, pExpected = expected)
                {
                    // A by rows of k, then A by columns: both addressings of the three products.
                    MicroKernel.Run(rows, k, pa, k, 1, pb, stride, pActual, stride, fromZero);
                    MicroKernel.Run(rows, k, pa, 1, MicroKernel.Rows, pb, stride, pActual, stride, fromZero: false);
                    for (int row = 0; row < rows; row++)
                    {
                        MicroKernel.PlainTile(k, pa + (row * k), 1, pb, stride, pExpected + (row * stride), fromZero);
                        MicroKernel.PlainTile(k, pa + row, MicroKernel.Rows, pb, stride, pExpected + (row * stride), fromZero: false);
                    }
                }

                // The whole buffer: a tile must not write the rows and columns beside it.
                Agree.OnBits(expected, actual, $"{rows} rows, from zero {fromZero}, element");
            }
        }
    }

    private static void Compare(Form form, int m, int n, int k, bool extras, uint seed)
    {
        float[] a = TestData.Uniform(m * k, seed);
        float[] b = TestData.Uniform(k * n, seed + 1UL);
        float[] bias = extras && form != Form.TN ? TestData.Uniform(n, seed + 2UL) : [];
        float[] residual = extras ? TestData.Uniform(m * n, seed + 3UL) : [];
        float[] expected = new float[m * n];
        for (int i = 0; i < expected.Length; i++)
        {
            float sum = 0;
            for (int j = 0; j < k; j++)
            {
                sum = MathF.FusedMultiplyAdd(a[IndexA(form, i / n, j, m, k)], b[IndexB(form, j, i % n, n, k)], sum);
            }

            sum = bias.Length == 0 ? sum : sum + bias[i % n];
            expected[i] = residual.Length == 0 ? sum : sum + residual[i];
        }

        float[] c = new float[m * n];
        MatrixProductTests.Run(form, a, b, c, m, n, k, bias, residual);
        Agree.OnBits(expected, c, $"{form} {m} x {n} x {k}, element");
    }
}
