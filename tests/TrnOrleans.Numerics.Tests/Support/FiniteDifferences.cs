using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Gradients by central differences of an FP64 function.</summary>
internal static class FiniteDifferences
{
    private const double Step = 1e-5;
    private const int MostCoordinates = 40;
    private const int Directions = 3;

    /// <summary>L = Σ output · cotangent, which turns any kernel into a scalar function.</summary>
    internal static double Project(double[] output, float[] cotangent)
    {
        Assert.Equal(cotangent.Length, output.Length);
        double sum = 0;
        for (int i = 0; i < output.Length; i++)
        {
            sum += output[i] * cotangent[i];
        }

        return sum;
    }

    /// <summary>
    /// Compares a gradient with differences of the loss: some coordinates one by one, then all of them at once along random signs.
    /// </summary>
    internal static void Check(Func<double[], double> loss, float[] at, float[] gradient, string what, double tolerance = 5e-5)
    {
        Assert.Equal(at.Length, gradient.Length);
        double[] x = TestData.Doubles(at);
        double norm = Math.Sqrt(gradient.Sum(g => (double)g * g));
        double typical = norm / Math.Sqrt(Math.Max(1, at.Length));
        int stride = Math.Max(1, at.Length / MostCoordinates);
        for (int i = 0; i < at.Length; i += stride)
        {
            double expected = Slope(loss, x, (d, h) => d[i] += h);
            double allowed = (tolerance * (Math.Abs(expected) + typical)) + 1e-8;
            Assert.True(Math.Abs(expected - gradient[i]) <= allowed, $"{what} {i} of {at.Length}: differences give {expected:R}, the kernel {gradient[i]:R}");
        }

        for (int direction = 0; direction < Directions; direction++)
        {
            CounterRandom random = new(77, RandomUse.Initialization, (ushort)direction);
            double[] signs = [.. Enumerable.Range(0, at.Length).Select(i => (random.Bits((ulong)i) & 1) == 0 ? -1.0 : 1.0)];
            double actual = Enumerable.Range(0, at.Length).Sum(i => signs[i] * gradient[i]);
            double expected = Slope(loss, x, (d, h) => Move(d, signs, h));
            double allowed = (2 * tolerance * norm) + 1e-8;
            Assert.True(Math.Abs(expected - actual) <= allowed, $"{what} along direction {direction}: differences give {expected:R}, the kernel {actual:R}");
        }
    }

    private static void Move(double[] x, double[] direction, double step)
    {
        for (int i = 0; i < x.Length; i++)
        {
            x[i] += step * direction[i];
        }
    }

    private static double Slope(Func<double[], double> loss, double[] x, Action<double[], double> move)
    {
        double[] there = [.. x];
        move(there, Step);
        double[] here = [.. x];
        move(here, -Step);
        return (loss(there) - loss(here)) / (2 * Step);
    }
}
