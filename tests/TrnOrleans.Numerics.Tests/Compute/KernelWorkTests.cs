using CsCheck;
using TrnOrleans.Numerics.Attention;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.MatrixProducts;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Kernels count what they do, on whichever threads, and nothing else.</summary>
public sealed class KernelWorkTests
{
    /// <summary>Two for each multiply-add of the product, for every form, size, blocking and way of packing.</summary>
    [Fact]
    public void A_product_counts_its_multiply_adds()
    {
        using ComputeEngine engine = new(3);
        (from m in Gen.Int[0, 130] from n in Gen.Int[0, 90] from k in Gen.OneOf(Gen.Int[0, 40], Gen.Int[300, 900]) from form in Gen.Int[0, 3] select (m, n, k, form)).Sample(
            c =>
            {
                (int m, int n, int k, int form) = c;
                float[] a = new float[m * k];
                float[] b = new float[n * k];
                float[] result = new float[m * n];
                float[] packed = new float[PackedOperand.Length(n, k)];
                Assert.Equal(2L * m * n * k, Count(engine, () =>
                {
                    switch (form)
                    {
                        case 0:
                            MatrixProduct.NN(a, b, result, m, n, k);
                            break;
                        case 1:
                            MatrixProduct.NT(a, b, result, m, n, k);
                            break;
                        case 2:
                            MatrixProduct.TN(a, b, result, m, n, k);
                            break;
                        default:
                            MatrixProduct.NTPacked(a, packed, result, m, n, k);
                            break;
                    }
                }));
            },
            iter: 400, threads: 1);
    }

    /// <summary>Every row with itself and those before, one by one: two products forward, five backward.</summary>
    [Fact]
    public void Attention_counts_what_the_mask_lets_through()
    {
        using ComputeEngine engine = new(3);
        (from sequences in Gen.Int[1, 3] from context in Gen.Int[1, 120] from sharing in Gen.Int[1, 3] from keys in Gen.Int[1, 3] from width in Gen.Int[1, 5] select (sequences, context, sharing, keys, width)).Sample(
            c =>
            {
                AttentionShape shape = new(c.sequences, c.context, c.sharing * c.keys, c.keys, 8 * c.width);
                float[] rows = new float[shape.Rows * shape.RowWidth];
                float[] output = new float[shape.Rows * shape.OutputWidth];
                float[] statistics = new float[2 * shape.Rows * shape.Heads];
                long seen = 0;
                for (int row = 0; row < c.context; row++)
                {
                    for (int column = 0; column <= row; column++)
                    {
                        seen++;
                    }
                }

                long one = 2L * c.sequences * shape.Heads * shape.HeadWidth * seen;
                Assert.Equal(2 * one, Count(engine, () => CausalAttention.Forward(rows, output, statistics, shape)));
                Assert.Equal(5 * one, Count(engine, () => CausalAttention.Backward(rows, output, statistics, output, new float[rows.Length], shape)));
            },
            iter: 100, threads: 1);
    }

    /// <summary>Two jobs that help each other: each counts what is its own.</summary>
    [Fact]
    public async Task What_helpers_do_counts_for_whom_they_help()
    {
        using ComputeEngine engine = new(4);
        long[] counted = new long[40];
        await Task.WhenAll(Enumerable.Range(0, counted.Length).Select(job => engine.RunAsync(() =>
        {
            long before = KernelWork.Flops;
            float[] a = new float[100 * (job + 200)];
            MatrixProduct.NT(a, a, new float[100 * 100], 100, 100, job + 200);
            counted[job] = KernelWork.Flops - before;
        }))).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, counted.Length).Select(job => 2L * 100 * 100 * (job + 200)), counted);
    }

    private static long Count(ComputeEngine engine, Action work)
    {
        long counted = 0;
        engine.RunAsync(() =>
        {
            long before = KernelWork.Flops;
            work();
            counted = KernelWork.Flops - before;
        }).WaitAsync(TimeSpan.FromMinutes(1)).GetAwaiter().GetResult();
        return counted;
    }
}
