using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Measuring;

/// <summary>Operands to measure with: values between −1 and 1, always the same.</summary>
internal static class Operand
{
    internal static AlignedBuffer Of(long length)
    {
        AlignedBuffer buffer = new(length);
        CounterRandom random = new(1, RandomUse.Initialization);
        Span<float> values = buffer.Span();

        // A short run of random numbers over and over: no kernel is faster for it, and filling takes no longer than measuring.
        const int run = 4099;
        for (int i = 0; i < Math.Min(run, values.Length); i++)
        {
            values[i] = (float)((2 * random.Uniform((ulong)i)) - 1);
        }

        for (int done = run; done < values.Length; done += run)
        {
            values[..Math.Min(run, values.Length - done)].CopyTo(values[done..]);
        }

        return buffer;
    }

    internal static int[] Indices(int length, int below)
    {
        CounterRandom random = new(2, RandomUse.Initialization);
        return [.. Enumerable.Range(0, length).Select(i => (int)random.Below((ulong)i, below))];
    }
}
