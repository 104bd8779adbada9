using CsCheck;
using TrnOrleans.Numerics.Activations;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Dropout as a pure function of the element's place.</summary>
public sealed class DropoutTests
{
    private static readonly CounterRandom s_random = new(41, RandomUse.Dropout, 3, 17);

    [Theory]
    [InlineData(0.1f)]
    [InlineData(0.5f)]
    [InlineData(0.9f)]
    public void The_share_of_kept_elements_is_within_four_sigma_and_they_are_scaled(float probability)
    {
        const int length = 100_003;
        float[] x = new float[length];
        Array.Fill(x, 3f);
        Dropout.Apply(x, probability, s_random, 0);
        float kept = 3f * (1f / (1f - probability));
        Assert.All(x.Distinct(), value => Assert.True(value == 0 || value == kept));
        double sigma = Math.Sqrt(length * (double)probability * (1 - probability));
        Assert.InRange(x.Count(value => value != 0) - (length * (1.0 - probability)), -4 * sigma, 4 * sigma);
    }

    [Fact]
    public void An_element_falls_when_its_own_random_word_is_under_the_probability()
    {
        // The definition, spelled out over every length of a ragged end.
        for (int length = 0; length <= 9; length++)
        {
            float[] x = [.. Enumerable.Repeat(1f, length)];
            Dropout.Apply(x, 0.4f, s_random, 40);
            for (int i = 0; i < length; i++)
            {
                (uint a, uint b, uint c, uint d) = s_random.Words((ulong)(10 + (i / 4)));
                uint word = (i % 4) switch { 0 => a, 1 => b, 2 => c, _ => d };
                Assert.Equal(word < 0.4f * 4294967296.0 ? 0f : 1f / (1f - 0.4f), x[i]);
            }
        }
    }

    [Fact]
    public void The_mask_does_not_depend_on_how_the_elements_are_split() =>
        Gen.Select(Gen.Int[1, 10_000], Gen.Int[1, 30_000]).Sample(
            (cut, rest) =>
            {
                int first = 4 * cut;
                float[] whole = TestData.Uniform(first + rest, 5);
                float[] split = [.. whole];
                Dropout.Apply(whole, 0.25f, s_random, 4_000_000_000);
                Dropout.Apply(split.AsSpan(0, first), 0.25f, s_random, 4_000_000_000);
                Dropout.Apply(split.AsSpan(first), 0.25f, s_random, 4_000_000_000UL + (ulong)first);
                Agree.OnBits(whole, split);
            },
            iter: 10, threads: 1);

    [Fact]
    public void The_gradient_falls_where_the_value_fell()
    {
        float[] x = [.. Enumerable.Repeat(1f, 20_001)];
        float[] gradient = [.. Enumerable.Repeat(-2f, x.Length)];
        Dropout.Apply(x, 0.3f, s_random, 8);
        Dropout.Apply(gradient, 0.3f, s_random, 8);
        Assert.Equal(x.Select(value => value * -2f), gradient);
        Assert.Contains(0f, x);
    }

    [Fact]
    public void Another_step_or_layer_has_another_mask()
    {
        float[] x = [.. Enumerable.Repeat(1f, 256)];
        float[] step = [.. x];
        float[] layer = [.. x];
        Dropout.Apply(x, 0.5f, s_random, 0);
        Dropout.Apply(step, 0.5f, s_random with { Step = 18 }, 0);
        Dropout.Apply(layer, 0.5f, s_random with { Stream = 4 }, 0);
        Assert.NotEqual(x, step);
        Assert.NotEqual(x, layer);
        Assert.NotEqual(step, layer);
    }

    [Fact]
    public void Probability_zero_changes_nothing()
    {
        float[] x = TestData.Uniform(99, 1);
        float[] before = [.. x];
        Dropout.Apply(x, 0, s_random, 0);
        Agree.OnBits(before, x);
    }

    [Theory]
    [InlineData(1f, 0)]
    [InlineData(-0.1f, 0)]
    [InlineData(float.NaN, 0)]
    [InlineData(0.5f, 2)]
    public void An_invalid_probability_or_index_throws_and_changes_nothing(float probability, int firstIndex)
    {
        float[] x = [1, 2, 3];
        Assert.Throws<ArgumentOutOfRangeException>(
            firstIndex == 0 ? "probability" : "firstIndex", () => Dropout.Apply(x, probability, s_random, (ulong)firstIndex));
        Agree.OnBits([1, 2, 3], x);
    }
}
