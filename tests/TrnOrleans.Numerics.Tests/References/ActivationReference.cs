namespace TrnOrleans.Numerics.Tests;

/// <summary>Activations in FP64.</summary>
internal static class ActivationReference
{
    internal static double[] Gelu(double[] x) =>
        // (1 + tanh u) / 2 as 1 / (1 + exp(−2 u)), which far below 0 loses no digit to the 1.
        Array.ConvertAll(x, v => v / (1 + Math.Exp(-2 * Math.Sqrt(2 / Math.PI) * (v + (0.044715 * v * v * v)))));

    internal static double[] Relu(double[] x) => Array.ConvertAll(x, v => v > 0 ? v : 0);

    internal static double[] SwiGlu(double[] gateAndUp, int width)
    {
        double[] y = new double[gateAndUp.Length / 2];
        for (int i = 0; i < y.Length; i++)
        {
            int start = i / width * 2 * width;
            double gate = gateAndUp[start + (i % width)];
            y[i] = gate / (1 + Math.Exp(-gate)) * gateAndUp[start + width + (i % width)];
        }

        return y;
    }
}
