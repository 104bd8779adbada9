using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Philox against its published vectors, and the distributions made from it.</summary>
public sealed class RandomTests
{
    private static readonly CounterRandom s_random = new(12345, RandomUse.Sampling, 7, 3);

    [Fact]
    public void Philox_gives_the_published_vectors()
    {
        // Random123, kat_vectors, philox4x32-10.
        Assert.Equal((0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u), Philox.Block(0, 0, 0, 0, 0, 0));
        const uint ones = uint.MaxValue;
        Assert.Equal((0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu), Philox.Block(ones, ones, ones, ones, ones, ones));
        Assert.Equal(
            (0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u),
            Philox.Block(0xa4093822, 0x299f31d0, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344));
    }

    [Fact]
    public void Every_part_of_the_address_changes_the_number()
    {
        CounterRandom[] others =
        [
            s_random, s_random with { Seed = 12346 }, s_random with { Seed = 12345 | (1UL << 40) }, s_random with { Use = RandomUse.Batch },
            s_random with { Stream = 8 }, s_random with { Step = 4 },
        ];
        ulong[] bits = [.. others.Select(random => random.Bits(5)), s_random.Bits(6), s_random.Bits(5 + (1UL << 35))];
        Assert.Equal(bits.Length, bits.Distinct().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public void Below_is_uniform_over_its_range(int bound)
    {
        const int draws = 100_000;
        int[] counts = new int[bound];
        for (int i = 0; i < draws; i++)
        {
            counts[s_random.Below((ulong)i, bound)]++;
        }

        // Chi-square has mean bound − 1 and variance 2 (bound − 1); five sigma for a seed that never changes.
        double expected = (double)draws / bound;
        double chiSquare = counts.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.InRange(chiSquare, 0, bound - 1 + (5 * Math.Sqrt(2.0 * (bound - 1))));
    }

    [Fact]
    public void Below_stays_in_range_up_to_the_largest_bound()
    {
        for (ulong i = 0; i < 1000; i++)
        {
            Assert.InRange(s_random.Below(i, long.MaxValue), 0, long.MaxValue - 1);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => s_random.Below(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => s_random.Below(0, -5));
    }

    [Fact]
    public void Normal_numbers_have_the_moments_of_the_normal_distribution()
    {
        const int draws = 200_000;
        double[] values = [.. Enumerable.Range(0, draws).Select(i => s_random.Normal((ulong)i))];
        double sigma = 1 / Math.Sqrt(draws);
        Assert.InRange(values.Average(), -4 * sigma, 4 * sigma);
        Assert.InRange(values.Average(v => v * v) - 1, -4 * sigma * Math.Sqrt(2), 4 * sigma * Math.Sqrt(2));
        Assert.InRange(values.Average(v => v * v * v), -4 * sigma * Math.Sqrt(15), 4 * sigma * Math.Sqrt(15));
        Assert.InRange(values.Average(v => v * v * v * v) - 3, -4 * sigma * Math.Sqrt(96), 4 * sigma * Math.Sqrt(96));
        Assert.InRange(values.Count(v => Math.Abs(v) > 1.959964) / (double)draws, 0.048, 0.052);
    }

    [Fact]
    public void Uniform_numbers_are_at_least_zero_and_under_one()
    {
        double[] values = [.. Enumerable.Range(0, 100_000).Select(i => s_random.Uniform((ulong)i))];
        Assert.All(values, value => Assert.True(value is >= 0 and < 1));
        Assert.InRange(values.Average(), 0.495, 0.505);
    }
}
