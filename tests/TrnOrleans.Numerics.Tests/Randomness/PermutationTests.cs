using CsCheck;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Tests;

/// <summary>A permutation holds every element once.</summary>
public sealed class PermutationTests
{
    private static readonly CounterRandom s_random = new(5, RandomUse.Shuffle, 2);

    [Fact]
    public void A_permutation_is_a_bijection_for_any_length() =>
        Gen.Select(Gen.Int[1, 3000], Gen.UInt).Sample(
            (length, seed) =>
            {
                Permutation order = new(s_random with { Seed = seed }, length);
                long[] elements = [.. Enumerable.Range(0, length).Select(i => order[i]).Order()];
                Assert.Equal(Enumerable.Range(0, length).Select(i => (long)i), elements);
            },
            iter: 40, threads: 1);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(64)]
    [InlineData(65)]
    public void A_permutation_is_a_bijection_around_powers_of_two(int length)
    {
        Permutation order = new(s_random, length);
        Assert.Equal(length, Enumerable.Range(0, length).Select(i => order[i]).Distinct().Count(element => element >= 0 && element < length));
    }

    [Fact]
    public void Two_streams_have_two_orders_and_neither_is_the_plain_one()
    {
        Permutation first = new(s_random, 1000);
        Permutation second = new(s_random with { Stream = 3 }, 1000);
        Assert.InRange(Enumerable.Range(0, 1000).Count(i => first[i] == second[i]), 0, 10);
        Assert.InRange(Enumerable.Range(0, 1000).Count(i => first[i] == i), 0, 10);
    }

    [Fact]
    public void The_longest_order_can_be_asked_for_any_place()
    {
        Permutation order = new(s_random, 1L << 60);
        Assert.InRange(order[(1L << 60) - 1], 0, (1L << 60) - 1);
        Assert.NotEqual(order[0], order[1]);
    }

    [Fact]
    public void Places_and_lengths_outside_the_range_throw()
    {
        Permutation order = new(s_random, 10);
        Assert.Throws<ArgumentOutOfRangeException>(() => order[10]);
        Assert.Throws<ArgumentOutOfRangeException>(() => order[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Permutation(s_random, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Permutation(s_random, (1L << 60) + 1));
    }
}
