using System.Numerics;

namespace TrnOrleans.Numerics.Randomness;

/// <summary>A random order of 0 … length − 1 that can be asked for any place without the ones before it.</summary>
/// <remarks>
/// A Feistel network of six rounds over the next even power of two, walked until it falls inside (cycle walking): a bijection,
/// so every sample of an epoch comes exactly once, on any chip, with no list in memory.
/// </remarks>
public readonly struct Permutation
{
    private const int Rounds = 6;
    private readonly CounterRandom _random;
    private readonly long _length;
    private readonly int _halfBits;

    /// <param name="random">Seed and stream of this order, such as the epoch.</param>
    /// <param name="length">At least one; at most 2^60.</param>
    public Permutation(CounterRandom random, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 1L << 60);
        _random = random;
        _length = length;
        _halfBits = Math.Max(1, (65 - BitOperations.LeadingZeroCount((ulong)(length - 1))) / 2);
    }

    /// <summary>Which element stands at a place; a bijection of [0, length).</summary>
    public long this[long place]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(place);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(place, _length);
            ulong value = (ulong)place;
            do
            {
                value = Encrypt(value);
            }
            while (value >= (ulong)_length);
            return (long)value;
        }
    }

    private ulong Encrypt(ulong value)
    {
        ulong mask = (1UL << _halfBits) - 1;
        ulong left = value >> _halfBits;
        ulong right = value & mask;
        for (int round = 0; round < Rounds; round++)
        {
            ulong mixed = _random.Bits(((ulong)round << 60) | right) & mask;
            (left, right) = (right, left ^ mixed);
        }

        return (left << _halfBits) | right;
    }
}
