using CsCheck;
using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Numerics.Tests;

/// <summary>AdamW against PyTorch's formula in FP64.</summary>
public sealed class AdamWTests
{
    [Theory]
    [InlineData(1, 0f)]
    [InlineData(37, 0.1f)]
    [InlineData(20_000, 0.01f)]
    public void Several_steps_follow_the_reference(int length, float weightDecay)
    {
        float[] weights = TestData.Uniform(length, 1);
        float[] first = new float[length];
        float[] second = new float[length];
        double[] w = TestData.Doubles(weights);
        double[] m = new double[length];
        double[] v = new double[length];
        for (int t = 1; t <= 6; t++)
        {
            float[] gradient = TestData.Uniform(length, 10UL + (ulong)t);
            AdamWStep step = Step(t, weightDecay);
            AdamW.Update(weights, gradient, first, second, step);
            OptimizerReference.AdamW(w, gradient, m, v, step);
            Agree.Within(2e-6, m, first, $"step {t}, first moment");
            Agree.Within(2e-6, v, second, $"step {t}, second moment");
            Agree.Within(2e-6, w, weights, $"step {t}, weight");
        }
    }

    [Fact]
    public void Moments_end_at_zero_and_are_never_subnormal()
    {
        float[] weights = [1, 1];
        float[] first = new float[2];
        float[] second = new float[2];
        AdamW.Update(weights, [1, -1e-15f], first, second, Step(1, 0));
        for (int t = 2; t < 9000; t++)
        {
            AdamW.Update(weights, new float[2], first, second, Step(t, 0));
            Assert.DoesNotContain([.. first, .. second], value => float.IsSubnormal(value));
        }

        Assert.Equal([0f, 0f], first);
        Assert.Equal([0f, 0f], second);
        Assert.All(weights, weight => Assert.True(float.IsFinite(weight)));
    }

    [Fact]
    public void The_first_step_moves_each_weight_by_the_learning_rate_against_its_gradient()
    {
        // m / √v is the sign of the gradient once both are corrected.
        float[] weights = [1, 1];
        AdamW.Update(weights, [5, -0.001f], new float[2], new float[2], Step(1, 0));
        Agree.Within(1e-6, [0.99, 1.01], weights);
    }

    [Fact]
    public void Any_slices_give_the_same_bits() =>
        Gen.Select(Gen.Int[0, 300], Gen.Int[0, 300], Gen.Int[0, 40_000]).Sample(
            (a, b, c) =>
            {
                int length = a + b + c;
                float[][] whole = State(length);
                float[][] sliced = State(length);
                float[] gradient = TestData.Uniform(length, 9);
                AdamWStep step = Step(3, 0.1f);
                AdamW.Update(whole[0], gradient, whole[1], whole[2], step);
                foreach (Range range in new[] { 0..a, a..(a + b), (a + b)..length })
                {
                    AdamW.Update(sliced[0].AsSpan(range), gradient.AsSpan(range), sliced[1].AsSpan(range), sliced[2].AsSpan(range), step);
                }

                for (int i = 0; i < 3; i++)
                {
                    Agree.OnBits(whole[i], sliced[i], $"array {i}, element");
                }
            },
            iter: 10, threads: 1);

    private static float[][] State(int length) =>
        [TestData.Uniform(length, 1), TestData.Uniform(length, 2), TestData.Uniform(length, 3, 0, 2)];

    private static AdamWStep Step(int t, float weightDecay) =>
        new(0.01f, 0.9f, 0.95f, 1e-8f, weightDecay, 0.5f, (float)(1 - Math.Pow(0.9f, t)), (float)(1 - Math.Pow(0.95f, t)));
}
