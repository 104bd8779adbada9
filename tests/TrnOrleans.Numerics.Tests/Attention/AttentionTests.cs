using CsCheck;
using TrnOrleans.Numerics.Attention;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Causal attention against FP64, forward and backward.</summary>
public sealed class AttentionTests
{
    [Fact]
    public void Attention_equals_the_reference_on_random_shapes() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 70], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 70], Gen.UInt).Sample(
            (sequences, context, group, keyHeads, headWidth, seed) =>
                CompareForward(new AttentionShape(sequences, context, group * keyHeads, keyHeads, headWidth), seed),
            iter: 40, threads: 1);

    [Theory]
    [InlineData(48, 2, 2, 32)]
    [InlineData(49, 2, 1, 33)]
    [InlineData(97, 4, 2, 64)]
    [InlineData(131, 1, 1, 7)]
    public void Attention_equals_the_reference_around_every_block_size(int context, int heads, int keyHeads, int headWidth) =>
        CompareForward(new AttentionShape(1, context, heads, keyHeads, headWidth), 5);

    [Theory]
    [InlineData(1, 1, 1, 1, 1)]
    [InlineData(2, 5, 2, 2, 3)]
    [InlineData(1, 33, 2, 2, 16)]
    [InlineData(2, 50, 2, 2, 20)]
    [InlineData(1, 50, 4, 2, 35)]
    [InlineData(1, 101, 3, 1, 13)]
    public void Attention_gradient_equals_finite_differences(int sequences, int context, int heads, int keyHeads, int headWidth)
    {
        AttentionShape shape = new(sequences, context, heads, keyHeads, headWidth);
        float[] rows = TestData.Uniform(shape.Rows * shape.RowWidth, 1, -1, 1);
        float[] dOutput = TestData.Uniform(shape.Rows * shape.OutputWidth, 2);
        float[] output = new float[dOutput.Length];
        float[] statistics = new float[2 * shape.Rows * shape.Heads];
        float[] dRows = TestData.Uniform(rows.Length, 3);
        CausalAttention.Forward(rows, output, statistics, shape);
        CausalAttention.Backward(rows, output, statistics, dOutput, dRows, shape);
        FiniteDifferences.Check(v => FiniteDifferences.Project(AttentionReference.Attend(v, shape), dOutput), rows, dRows, "gradient", 1e-4);
    }

    [Fact]
    public void A_row_does_not_see_the_rows_after_it()
    {
        AttentionShape shape = new(1, 100, 2, 1, 20);
        float[] rows = TestData.Uniform(shape.Rows * shape.RowWidth, 1);
        float[] whole = new float[shape.Rows * shape.OutputWidth];
        CausalAttention.Forward(rows, whole, new float[2 * shape.Rows * shape.Heads], shape);
        foreach (int context in new[] { 1, 32, 47, 48, 49, 99 })
        {
            AttentionShape shorter = shape with { Context = context };
            float[] output = new float[shorter.Rows * shape.OutputWidth];
            CausalAttention.Forward(
                rows.AsSpan(0, context * shape.RowWidth), output, new float[2 * shorter.Rows * shape.Heads], shorter);
            Agree.OnBits(whole[..output.Length], output, $"context {context}, element");
        }
    }

    [Fact]
    public void Large_scores_do_not_overflow()
    {
        AttentionShape shape = new(1, 40, 1, 1, 16);
        float[] rows = TestData.Uniform(shape.Rows * shape.RowWidth, 1, -60, 60);
        float[] output = new float[shape.Rows * shape.OutputWidth];
        CausalAttention.Forward(rows, output, new float[2 * shape.Rows], shape);
        Assert.All(output, value => Assert.InRange(value, -60f, 60f));
    }

    private static void CompareForward(AttentionShape shape, uint seed)
    {
        float[] rows = TestData.Uniform(shape.Rows * shape.RowWidth, seed);
        float[] output = TestData.Uniform(shape.Rows * shape.OutputWidth, seed + 1UL);
        CausalAttention.Forward(rows, output, new float[2 * shape.Rows * shape.Heads], shape);
        Agree.Within(2e-5, AttentionReference.Attend(TestData.Doubles(rows), shape), output, $"{shape}, element");
    }
}
