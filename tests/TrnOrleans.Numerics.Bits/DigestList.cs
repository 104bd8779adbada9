using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Bits;

/// <summary>Gives out inputs and collects digests.</summary>
internal sealed class DigestList
{
    private readonly List<KernelDigest> _digests = [];
    private ushort _stream;

    internal IReadOnlyList<KernelDigest> Digests => _digests;

    /// <summary>Fresh uniform numbers, the same in every run.</summary>
    internal float[] Input(int length, double from = -2, double to = 2)
    {
        CounterRandom random = NextRandom();
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (float)(from + ((to - from) * random.Uniform((ulong)i)));
        }

        return values;
    }

    internal int[] Indices(int length, int bound)
    {
        CounterRandom random = NextRandom();
        int[] values = new int[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (int)random.Below((ulong)i, bound);
        }

        return values;
    }

    internal CounterRandom NextRandom() => new(2026, RandomUse.Initialization, _stream++);

    internal void Add(string kernel, params ReadOnlySpan<float[]> results)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (float[] result in results)
        {
            hash.AppendData(MemoryMarshal.AsBytes<float>(result));
        }

        _digests.Add(new KernelDigest(kernel, Convert.ToHexStringLower(hash.GetHashAndReset())));
    }

    internal void Add(string kernel, double[] result) =>
        _digests.Add(new KernelDigest(kernel, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<double>(result)))));
}
