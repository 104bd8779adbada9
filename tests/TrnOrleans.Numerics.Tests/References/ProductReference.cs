namespace TrnOrleans.Numerics.Tests;

/// <summary>Products and column sums as the textbook has them, in FP64.</summary>
internal static class ProductReference
{
    /// <summary>The three storage forms of the operands.</summary>
    internal enum Form
    {
        NN,
        NT,
        TN,
    }

    /// <summary>Where A's element (row, i) lies.</summary>
    internal static int IndexA(Form form, int row, int i, int m, int k) => form == Form.TN ? (i * m) + row : (row * k) + i;

    /// <summary>Where B's element (i, column) lies.</summary>
    internal static int IndexB(Form form, int i, int column, int n, int k) => form == Form.NT ? (column * k) + i : (i * n) + column;

    internal static double[] Multiply(Form form, double[] a, double[] b, int m, int n, int k, double[] bias, double[] residual)
    {
        double[] c = new double[m * n];
        for (int row = 0; row < m; row++)
        {
            for (int column = 0; column < n; column++)
            {
                double sum = 0;
                for (int i = 0; i < k; i++)
                {
                    sum += a[IndexA(form, row, i, m, k)] * b[IndexB(form, i, column, n, k)];
                }

                sum += bias.Length == 0 ? 0 : bias[column];
                c[(row * n) + column] = sum + (residual.Length == 0 ? 0 : residual[(row * n) + column]);
            }
        }

        return c;
    }

    internal static double[] ColumnSums(double[] matrix, int width)
    {
        double[] sums = new double[width];
        for (int i = 0; i < matrix.Length; i++)
        {
            sums[i % width] += matrix[i];
        }

        return sums;
    }
}
