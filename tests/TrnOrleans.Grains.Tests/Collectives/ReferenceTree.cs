using TrnOrleans.Grains.Collectives;

namespace TrnOrleans.Grains.Tests.Collectives;

/// <summary>The sum by its definition: split at the largest power of two below the number of leaves, left first.</summary>
internal static class ReferenceTree
{
    /// <param name="leaves">In order.</param>
    /// <param name="wire">What terms of each addition go through.</param>
    internal static float[] Sum(ReadOnlySpan<float[]> leaves, WireFormat? wire = null)
    {
        if (leaves.Length == 1)
        {
            return [.. leaves[0]];
        }

        int left = 1;
        while (left * 2 < leaves.Length)
        {
            left *= 2;
        }

        float[] sum = Sum(leaves[..left], wire);
        float[] right = Sum(leaves[left..], wire);
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] = wire == WireFormat.Bf16 ? Bf16(sum[i]) + Bf16(right[i]) : sum[i] + right[i];
        }

        return sum;
    }

    /// <summary>As everybody gets it.</summary>
    internal static float[] Result(ReadOnlySpan<float[]> leaves, WireFormat? wire) =>
        wire == WireFormat.Bf16 ? Array.ConvertAll(Sum(leaves, wire), Bf16) : Sum(leaves);

    /// <summary>The nearest float whose lower half is zero, by trying both.</summary>
    private static float Bf16(float x)
    {
        int bits = BitConverter.SingleToInt32Bits(x);
        double below = BitConverter.Int32BitsToSingle(bits & ~0xFFFF);
        double above = BitConverter.Int32BitsToSingle((bits & ~0xFFFF) + 0x10000);
        (double down, double up) = (Math.Abs(x - below), Math.Abs(above - x));
        return (float)(down < up || (down == up && (bits & 0x10000) == 0) ? below : above);
    }

    /// <summary>Values whose sum depends on the order of additions.</summary>
    internal static float[] Values(int length, ulong seed)
    {
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
        {
            seed = (seed * 6364136223846793005) + 1442695040888963407;
            values[i] = ((int)(seed >> 40) - (1 << 23)) * MathF.ScaleB(1, (int)(seed >> 35 & 15) - 20);
        }

        return values;
    }
}
