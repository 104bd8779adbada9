using TrnOrleans.Numerics.Bits;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.MatrixProducts;

namespace TrnOrleans.Numerics.Tests;

/// <summary>The number of threads is no part of a result.</summary>
public sealed class ThreadTests
{
    private static readonly IReadOnlyList<KernelDigest> s_outside = KernelBits.Compute();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_kernel_has_the_same_bits_on_an_engine_as_outside(int threads)
    {
        using ComputeEngine engine = new(threads);
        for (int repeat = 0; repeat < 3; repeat++)
        {
            IReadOnlyList<KernelDigest> inside = [];
            await engine.RunAsync(() => inside = KernelBits.Compute());
            Assert.Equal(s_outside, inside);
        }
    }

    [Fact]
    public async Task Jobs_side_by_side_do_not_disturb_each_other()
    {
        using ComputeEngine engine = new(3);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => engine.RunAsync(() => Assert.Equal(s_outside, KernelBits.Compute()))));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_large_product_has_the_same_bits_on_an_engine_as_outside(int threads)
    {
        const int m = 211;
        const int n = 601;
        const int k = 517;
        float[] a = TestData.Uniform(m * k, 1);
        float[] b = TestData.Uniform(k * n, 2);
        float[] outside = new float[m * n];
        MatrixProduct.NT(a, b, outside, m, n, k);
        using ComputeEngine engine = new(threads);
        float[] inside = new float[m * n];
        await engine.RunAsync(() => MatrixProduct.NT(a, b, inside, m, n, k));
        Agree.OnBits(outside, inside);
    }
}
