using CsCheck;
using TrnOrleans.Numerics.Losses;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Loss, gradient and hits.</summary>
public sealed class SoftmaxCrossEntropyTests
{
    [Fact]
    public void Losses_equal_the_reference_and_logits_stay_when_no_gradient_is_wanted() =>
        Gen.Select(Gen.Int[0, 140], Gen.Int[1, 90], Gen.UInt).Sample(
            (rows, classes, seed) =>
            {
                float[] logits = TestData.Uniform(rows * classes, seed, -9, 9);
                float[] before = [.. logits];
                int[] targets = Targets(rows, classes, seed);
                float[] losses = TestData.Uniform(rows, seed + 1UL);
                SoftmaxCrossEntropy.Compute(logits, targets, losses, classes, 1, gradient: false);

                // A loss is the logarithm of a sum of at least one: a small one carries the rounding of that one, which a single row shows.
                double[] expected = TableReference.Losses(TestData.Doubles(logits), targets, classes);
                Agree.Within(2e-6, [.. expected.Select(loss => 1 + loss)], [.. losses.Select(loss => 1 + loss)]);
                Agree.OnBits(before, logits);
            },
            iter: 60, threads: 1);

    [Theory]
    [InlineData(1, 2)]
    [InlineData(7, 16)]
    [InlineData(70, 37)]
    public void The_gradient_equals_finite_differences_of_the_scaled_loss(int rows, int classes)
    {
        const float scale = 0.37f;
        float[] logits = TestData.Uniform(rows * classes, 1, -4, 4);
        int[] targets = Targets(rows, classes, 2);
        float[] gradient = [.. logits];
        SoftmaxCrossEntropy.Compute(gradient, targets, new float[rows], classes, scale, gradient: true);
        FiniteDifferences.Check(v => scale * TableReference.Losses(v, targets, classes).Sum(), logits, gradient, "gradient");
    }

    [Fact]
    public void A_row_that_does_not_count_has_loss_zero_gradient_zero_and_no_hit()
    {
        float[] logits = [1, 2, 3, float.NaN, 5, 6, 9, 8, 7];
        float[] losses = [7, 7, 7];
        int hits = SoftmaxCrossEntropy.Compute(logits, [2, SoftmaxCrossEntropy.IgnoreIndex, 0], losses, 3, 1, gradient: true);
        Assert.Equal(2, hits);
        Assert.Equal(0, losses[1]);
        Agree.OnBits([0, 0, 0], logits[3..6]);
        Assert.All(losses.Where((_, i) => i != 1), loss => Assert.InRange(loss, 0.4f, 0.41f));
    }

    [Fact]
    public void Hits_count_the_first_of_equal_largest_logits()
    {
        // Sixty-five rows are two pieces, and their hits add up.
        const int rows = 65;
        const int classes = 33;
        float[] logits = new float[rows * classes];
        int[] targets = new int[rows];
        for (int row = 0; row < rows; row++)
        {
            logits[(row * classes) + 20] = 1;
            logits[(row * classes) + 31] = 1;
            targets[row] = row % 2 == 0 ? 20 : 31;
        }

        Assert.Equal(33, SoftmaxCrossEntropy.Compute(logits, targets, new float[rows], classes, 1, gradient: false));
    }

    [Fact]
    public void Logits_far_apart_neither_overflow_nor_lose_the_loss()
    {
        float[] logits = [1000, -1000, 1000, -1000];
        float[] losses = new float[2];
        SoftmaxCrossEntropy.Compute(logits, [0, 1], losses, 2, 1, gradient: true);
        Agree.OnBits([0, 2000], losses);
        Agree.OnBits([0, 0, 1, -1], logits);
    }

    private static int[] Targets(int rows, int classes, ulong seed)
    {
        int[] targets = TestData.Indices(rows, classes, seed);
        for (int i = 3; i < rows; i += 5)
        {
            targets[i] = SoftmaxCrossEntropy.IgnoreIndex;
        }

        return targets;
    }
}
