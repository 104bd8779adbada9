using TrnOrleans.Numerics.Embeddings;
using TrnOrleans.Numerics.Losses;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Tokens and targets come from files: one outside its range must not reach a pointer.</summary>
public sealed class IndexErrorTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void A_token_outside_the_table_throws_and_outputs_stay(int token)
    {
        // The bad one comes last, so that a check row by row would be too late.
        int[] tokens = [0, 2, token];
        float[] y = [1, 2, 3, 4, 5, 6];
        float[] table = [1, 2, 3, 4, 5, 6];
        Assert.Throws<ArgumentOutOfRangeException>("tokens", () => Embedding.Forward(tokens, table, [], y, 2, 3));
        Agree.OnBits([1, 2, 3, 4, 5, 6], y);
        Assert.Throws<ArgumentOutOfRangeException>("tokens", () => Embedding.Backward(tokens, y, table, [], 2, 3));
        Agree.OnBits([1, 2, 3, 4, 5, 6], table);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-2)]
    [InlineData(int.MinValue)]
    public void A_target_outside_the_classes_throws_and_outputs_stay(int target)
    {
        float[] logits = [1, 2, 3, 4, 5, 6];
        float[] losses = [7, 8];
        Assert.Throws<ArgumentOutOfRangeException>("targets", () => SoftmaxCrossEntropy.Compute(logits, [1, target], losses, 3, 1, gradient: true));
        Agree.OnBits([1, 2, 3, 4, 5, 6], logits);
        Agree.OnBits([7, 8], losses);
    }
}
