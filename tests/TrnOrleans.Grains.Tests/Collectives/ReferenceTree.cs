namespace TrnOrleans.Grains.Tests.Collectives;

/// <summary>The sum by its definition: split at the largest power of two below the number of leaves, left first.</summary>
internal static class ReferenceTree
{
    internal static float[] Sum(ReadOnlySpan<float[]> leaves)
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

        float[] sum = Sum(leaves[..left]);
        float[] right = Sum(leaves[left..]);
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] += right[i];
        }

        return sum;
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
