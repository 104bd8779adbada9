namespace TrnOrleans.Numerics.Tests;

/// <summary>Comparisons of arrays that say where they fail.</summary>
internal static class Agree
{
    /// <summary>
    /// Each element within a tolerance relative to itself plus the mean magnitude: sums cancel, so a small one carries the rounding of its terms.
    /// </summary>
    internal static void Within(double tolerance, double[] expected, float[] actual, string what = "element")
    {
        Assert.Equal(expected.Length, actual.Length);
        double mean = expected.Length == 0 ? 0 : expected.Average(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            double allowed = (tolerance * (Math.Abs(expected[i]) + mean)) + 1e-40;
            if (!(Math.Abs(actual[i] - expected[i]) <= allowed))
            {
                Assert.Fail($"{what} {i} of {expected.Length}: expected {expected[i]:R}, got {actual[i]:R}, allowed difference {allowed:E2}");
            }
        }
    }

    /// <summary>The same bits, so that −0 is not 0.</summary>
    internal static void OnBits(float[] expected, float[] actual, string what = "element")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Assert.Fail($"{what} {i} of {expected.Length}: expected the bits of {expected[i]:R}, got those of {actual[i]:R}");
            }
        }
    }
}
