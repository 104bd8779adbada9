using TrnOrleans.Numerics.Activations;
using TrnOrleans.Numerics.Attention;
using TrnOrleans.Numerics.Embeddings;
using TrnOrleans.Numerics.Losses;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Normalization;
using TrnOrleans.Numerics.Optimizers;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Training calls the kernels millions of times: after the first call none of them allocates.</summary>
public sealed class AllocationTests
{
    private const int Rows = 70;
    private const int Width = 40;
    private readonly float[] _x = TestData.Uniform(Rows * Width, 1);
    private readonly float[] _y = TestData.Uniform(Rows * Width, 2);
    private readonly float[] _z = TestData.Uniform(Rows * Width, 3, 0.1, 1);
    private readonly float[] _weight = TestData.Uniform(Width, 4);
    private readonly float[] _bias = TestData.Uniform(Width, 5);
    private readonly float[] _statistics = new float[2 * Rows];
    private readonly float[] _square = TestData.Uniform(Width * Width, 6);
    private readonly int[] _indices = TestData.Indices(Rows, Width, 7);

    [Fact]
    public void Products_allocate_nothing() => AllocatesNothing(() =>
    {
        MatrixProduct.NN(_x, _square, _y, Rows, Width, Width, _bias, _x);
        MatrixProduct.NT(_x, _square, _y, Rows, Width, Width);
        MatrixProduct.TN(_x, _y, _square, Width, Width, Rows);
        ColumnSums.Compute(_x, _bias);
    });

    [Fact]
    public void Norms_allocate_nothing() => AllocatesNothing(() =>
    {
        LayerNorm.Forward(_x, _weight, _bias, _y, _statistics, 1e-5f);
        LayerNorm.Backward(_x, _weight, _statistics, _z, _y, _weight, _bias, accumulate: true);
        RmsNorm.Forward(_x, _weight, _y, _statistics.AsSpan(0, Rows), 1e-5f);
        RmsNorm.Backward(_x, _weight, _statistics.AsSpan(0, Rows), _z, _y, _weight, accumulate: false);
    });

    [Fact]
    public void Activations_allocate_nothing() => AllocatesNothing(() =>
    {
        Gelu.Forward(_x, _y);
        Gelu.Backward(_x, _z, _y);
        Relu.Forward(_x, _y);
        Relu.Backward(_x, _z, _y);
        SwiGlu.Forward(_x, _y.AsSpan(0, Rows * Width / 2), Width / 2);
        SwiGlu.Backward(_x, _z.AsSpan(0, Rows * Width / 2), _y, Width / 2);
        Dropout.Apply(_y, 0.1f, new CounterRandom(1, RandomUse.Dropout), 0);
        VectorSum.AddInto(_y, _z);
    });

    [Fact]
    public void Attention_allocates_nothing()
    {
        AttentionShape shape = new(1, Rows, 4, 2, 10);
        float[] rows = TestData.Uniform(shape.Rows * shape.RowWidth, 1);
        float[] output = new float[shape.Rows * shape.OutputWidth];
        float[] statistics = new float[2 * shape.Rows * shape.Heads];
        float[] gradient = new float[rows.Length];
        RotaryTable table = new(Rows, 10, 10_000);
        AllocatesNothing(() =>
        {
            Rotary.Forward(rows, shape.RowWidth, 6, Rows, table);
            CausalAttention.Forward(rows, output, statistics, shape);
            CausalAttention.Backward(rows, output, statistics, output, gradient, shape);
            Rotary.Backward(gradient, shape.RowWidth, 6, Rows, table);
        });
    }

    [Fact]
    public void Tables_losses_and_optimizers_allocate_nothing()
    {
        AdamWStep adamW = new(0.01f, 0.9f, 0.99f, 1e-8f, 0, 1, 0.1f, 0.01f);
        SgdStep sgd = new(0.01f, 0.9f, 0, 1);
        AllocatesNothing(() =>
        {
            Embedding.Forward(_indices, _square, [], _y, Width, 10);
            Embedding.Backward(_indices, _y, _square, [], Width, 10);
            SoftmaxCrossEntropy.Compute(_y, _indices, _statistics.AsSpan(0, Rows), Width, 0.1f, gradient: true);
            AdamW.Update(_x, _y, _y, _z, adamW);
            MomentumSgd.Update(_x, _y, _z, sgd);
            GlobalNorm.Compute(_x);
        });
    }

    private static void AllocatesNothing(Action kernels)
    {
        kernels();
        kernels();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            kernels();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
