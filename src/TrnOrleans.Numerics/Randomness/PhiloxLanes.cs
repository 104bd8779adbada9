using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace TrnOrleans.Numerics.Randomness;

/// <summary>Sixteen blocks of <see cref="Philox"/> at once, with counters that differ in their low words only.</summary>
internal static class PhiloxLanes
{
    /// <summary>Word w of block first + lane, for each of the four words.</summary>
    /// <param name="random">Key and upper counters.</param>
    /// <param name="first">Index of the first lane's block; a multiple of 16, so that no lane carries into the upper word.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (Vector512<uint> X, Vector512<uint> Y, Vector512<uint> Z, Vector512<uint> W) Words(in CounterRandom random, ulong first)
    {
        if (!Avx512F.IsSupported)
        {
            return OneByOne(random, first);
        }

        Vector512<uint> counter0 = Vector512.Create((uint)first) + Vector512<uint>.Indices;
        Vector512<uint> counter1 = Vector512.Create((uint)(first >> 32));
        Vector512<uint> counter2 = Vector512.Create(random.Step);
        Vector512<uint> counter3 = Vector512.Create(((uint)random.Use << 16) | random.Stream);
        Vector512<uint> multiplier0 = Vector512.Create(Philox.Multiplier0);
        Vector512<uint> multiplier1 = Vector512.Create(Philox.Multiplier1);
        (uint key0, uint key1) = ((uint)random.Seed, (uint)(random.Seed >> 32));
        for (int round = 0; round < Philox.Rounds; round++)
        {
            (Vector512<uint> high0, Vector512<uint> low0) = Multiply(multiplier0, counter0);
            (Vector512<uint> high1, Vector512<uint> low1) = Multiply(multiplier1, counter2);
            counter0 = high1 ^ counter1 ^ Vector512.Create(key0);
            counter1 = low1;
            counter2 = high0 ^ counter3 ^ Vector512.Create(key1);
            counter3 = low0;
            key0 += Philox.Weyl0;
            key1 += Philox.Weyl1;
        }

        return (counter0, counter1, counter2, counter3);
    }

    /// <summary>Both halves of sixteen products: even lanes and odd lanes are multiplied apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> High, Vector512<uint> Low) Multiply(Vector512<uint> x, Vector512<uint> y)
    {
        Vector512<ulong> even = Avx512F.Multiply(x, y);
        Vector512<ulong> odd = Avx512F.Multiply((x.AsUInt64() >> 32).AsUInt32(), (y.AsUInt64() >> 32).AsUInt32());
        Vector512<ulong> low = Vector512.Create(0xFFFFFFFFUL);
        return (((even >> 32) | (odd & ~low)).AsUInt32(), ((even & low) | (odd << 32)).AsUInt32());
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe (Vector512<uint> X, Vector512<uint> Y, Vector512<uint> Z, Vector512<uint> W) OneByOne(in CounterRandom random, ulong first)
    {
        uint* words = stackalloc uint[64];
        for (int lane = 0; lane < 16; lane++)
        {
            (words[lane], words[16 + lane], words[32 + lane], words[48 + lane]) = random.Words(first + (uint)lane);
        }

        return (Vector512.Load(words), Vector512.Load(words + 16), Vector512.Load(words + 32), Vector512.Load(words + 48));
    }
}
