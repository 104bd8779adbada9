using TrnOrleans.Numerics.Elementary;

namespace TrnOrleans.Numerics.Randomness;

/// <summary>Random numbers as a pure function of (seed, use, stream, step, index): no state, so no order of calls can change them.</summary>
/// <param name="Seed">The run's seed.</param>
/// <param name="Use">What for.</param>
/// <param name="Stream">Which one of that use: a layer, a parameter, an epoch; under 65,536.</param>
/// <param name="Step">The step, or 0.</param>
public readonly record struct CounterRandom(ulong Seed, RandomUse Use, ushort Stream = 0, uint Step = 0)
{
    /// <summary>Four words for an index.</summary>
    public (uint X, uint Y, uint Z, uint W) Words(ulong index) =>
        Philox.Block((uint)Seed, (uint)(Seed >> 32), (uint)index, (uint)(index >> 32), Step, ((uint)Use << 16) | Stream);

    /// <summary>64 bits for an index.</summary>
    public ulong Bits(ulong index)
    {
        (uint x, uint y, _, _) = Words(index);
        return ((ulong)y << 32) | x;
    }

    /// <summary>An integer in [0, bound), by the high half of a 64 × 64-bit product; bias under bound / 2^64.</summary>
    public long Below(ulong index, long bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (long)Math.BigMul(Bits(index), (ulong)bound, out _);
    }

    /// <summary>A double in [0, 1), multiples of 2^−53.</summary>
    public double Uniform(ulong index) => (Bits(index) >> 11) * (1.0 / (1UL << 53));

    /// <summary>A standard normal by Box and Muller.</summary>
    public double Normal(ulong index)
    {
        (uint x, uint y, uint z, uint w) = Words(index);
        double u = ((((ulong)y << 32) | x) >> 11) * (1.0 / (1UL << 53));
        double v = ((((ulong)w << 32) | z) >> 11) * (1.0 / (1UL << 53));
        return Math.Sqrt(-2 * ScalarMath.Log(1 - u)) * ScalarMath.Cos(2 * Math.PI * v);
    }
}
