using CsCheck;
using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Numerics.Tests;

/// <summary>SGD with momentum against PyTorch's formula in FP64.</summary>
public sealed class MomentumSgdTests
{
    [Theory]
    [InlineData(1, 0.9f, 0f)]
    [InlineData(37, 0f, 0.1f)]
    [InlineData(20_000, 0.8f, 0.01f)]
    public void Several_steps_follow_the_reference(int length, float momentum, float weightDecay)
    {
        float[] weights = TestData.Uniform(length, 1);
        float[] velocity = momentum == 0 ? [] : new float[length];
        double[] w = TestData.Doubles(weights);
        double[] v = new double[length];
        SgdStep step = new(0.05f, momentum, weightDecay, 0.5f);
        for (int t = 1; t <= 6; t++)
        {
            float[] gradient = TestData.Uniform(length, 10UL + (ulong)t);
            MomentumSgd.Update(weights, gradient, velocity, step);
            OptimizerReference.Sgd(w, gradient, v, step);
            Agree.Within(2e-6, w, weights, $"step {t}, weight");
            if (momentum != 0)
            {
                Agree.Within(2e-6, v, velocity, $"step {t}, velocity");
            }
        }
    }

    [Fact]
    public void Any_slices_give_the_same_bits() =>
        Gen.Select(Gen.Int[0, 300], Gen.Int[0, 40_000]).Sample(
            (cut, rest) =>
            {
                float[] weights = TestData.Uniform(cut + rest, 1);
                float[] velocity = TestData.Uniform(cut + rest, 2);
                float[] gradient = TestData.Uniform(cut + rest, 3);
                float[] slicedWeights = [.. weights];
                float[] slicedVelocity = [.. velocity];
                SgdStep step = new(0.05f, 0.9f, 0.1f, 0.5f);
                MomentumSgd.Update(weights, gradient, velocity, step);
                foreach (Range range in new[] { 0..cut, cut..(cut + rest) })
                {
                    MomentumSgd.Update(slicedWeights.AsSpan(range), gradient.AsSpan(range), slicedVelocity.AsSpan(range), step);
                }

                Agree.OnBits(weights, slicedWeights, "weight");
                Agree.OnBits(velocity, slicedVelocity, "velocity");
            },
            iter: 10, threads: 1);
}
