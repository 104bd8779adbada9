namespace TrnOrleans.Numerics.Tests;

/// <summary>Row norms in FP64.</summary>
internal static class NormReference
{
    internal static double[] LayerNorm(double[] x, double[] weight, double[] bias, double epsilon)
    {
        int width = weight.Length;
        double[] y = new double[x.Length];
        for (int start = 0; start < x.Length; start += width)
        {
            double[] row = x[start..(start + width)];
            double mean = row.Average();
            double variance = row.Average(value => (value - mean) * (value - mean));
            for (int i = 0; i < width; i++)
            {
                y[start + i] = ((row[i] - mean) / Math.Sqrt(variance + epsilon) * weight[i]) + bias[i];
            }
        }

        return y;
    }

    internal static double[] RmsNorm(double[] x, double[] weight, double epsilon)
    {
        int width = weight.Length;
        double[] y = new double[x.Length];
        for (int start = 0; start < x.Length; start += width)
        {
            double[] row = x[start..(start + width)];
            double scale = 1 / Math.Sqrt(row.Average(value => value * value) + epsilon);
            for (int i = 0; i < width; i++)
            {
                y[start + i] = row[i] * scale * weight[i];
            }
        }

        return y;
    }
}
