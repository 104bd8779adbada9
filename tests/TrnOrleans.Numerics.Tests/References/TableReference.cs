using TrnOrleans.Numerics.Losses;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Embedding and cross-entropy in FP64.</summary>
internal static class TableReference
{
    internal static double[] Embed(int[] tokens, double[] table, double[] positions, int width, int context)
    {
        double[] y = new double[tokens.Length * width];
        for (int i = 0; i < y.Length; i++)
        {
            int row = i / width;
            y[i] = table[(tokens[row] * width) + (i % width)];
            y[i] += positions.Length == 0 ? 0 : positions[(row % context * width) + (i % width)];
        }

        return y;
    }

    internal static double[] Losses(double[] logits, int[] targets, int classes)
    {
        double[] losses = new double[targets.Length];
        for (int row = 0; row < targets.Length; row++)
        {
            if (targets[row] == SoftmaxCrossEntropy.IgnoreIndex)
            {
                continue;
            }

            double[] x = logits[(row * classes)..((row + 1) * classes)];
            double max = x.Max();
            losses[row] = Math.Log(x.Sum(value => Math.Exp(value - max))) + max - x[targets[row]];
        }

        return losses;
    }
}
