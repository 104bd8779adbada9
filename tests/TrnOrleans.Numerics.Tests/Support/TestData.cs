using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Inputs as a pure function of a seed.</summary>
internal static class TestData
{
    internal static float[] Uniform(int length, ulong seed, double from = -2, double to = 2)
    {
        CounterRandom random = new(seed, RandomUse.Initialization);
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (float)(from + ((to - from) * random.Uniform((ulong)i)));
        }

        return values;
    }

    internal static int[] Indices(int length, int bound, ulong seed)
    {
        CounterRandom random = new(seed, RandomUse.Initialization, Stream: 1);
        int[] values = new int[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = (int)random.Below((ulong)i, bound);
        }

        return values;
    }

    internal static double[] Doubles(float[] values) => Array.ConvertAll(values, value => (double)value);
}
