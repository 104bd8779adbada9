using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// The right operand laid out for <see cref="MicroKernel"/>: panels of 32 columns, each k × 32 in a row; the last panel is filled with zeros.
/// Packing moves values and computes nothing.
/// </summary>
internal static unsafe class ColumnPanels
{
    // Far enough to hide a read from memory; a prefetch beyond the end of the operand does nothing.
    private const int RowsAhead = 12;

    /// <summary>Floats that k × n needs when packed.</summary>
    internal static long Length(int k, int n) => (long)k * Count(n) * MicroKernel.Columns;

    /// <summary>Number of panels for n columns.</summary>
    internal static int Count(int n) => (n + MicroKernel.Columns - 1) / MicroKernel.Columns;

    /// <summary>Packs neighbouring panels of a matrix given as k rows of columns (b[i · stride + column]).</summary>
    /// <remarks>Row by row over all of them: a row of one panel is 128 bytes, too short a run for the hardware to read ahead.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackRows(float* b, nint stride, int k, int firstColumn, int n, float* panels, int count)
    {
        int whole = Math.Min(count, (n - firstColumn) / MicroKernel.Columns);
        nint panelLength = (nint)k * MicroKernel.Columns;
        float* source = b + firstColumn;
        for (int i = 0; i < k; i++, source += stride, panels += MicroKernel.Columns)
        {
            float* panel = panels;
            float* row = source;
            if (Sse.IsSupported)
            {
                for (int p = 0; p < whole; p++)
                {
                    Sse.Prefetch0(row + (RowsAhead * stride) + (p * MicroKernel.Columns));
                    Sse.Prefetch0(row + (RowsAhead * stride) + (p * MicroKernel.Columns) + 16);
                }
            }

            for (int p = 0; p < whole; p++, row += MicroKernel.Columns, panel += panelLength)
            {
                Vector512<float> left = Vector512.Load(row);
                Vector512<float> right = Vector512.Load(row + 16);
                left.Store(panel);
                right.Store(panel + 16);
            }

            if (whole < count)
            {
                int columns = n - firstColumn - (whole * MicroKernel.Columns);
                for (int column = 0; column < MicroKernel.Columns; column++)
                {
                    panel[column] = column < columns ? row[column] : 0f;
                }
            }
        }
    }

    /// <summary>Packs one panel of a matrix given as n rows of k (b[column · stride + i]): the transposed form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackColumns(float* b, nint stride, int k, int firstColumn, int n, float* panel)
    {
        int columns = Math.Min(MicroKernel.Columns, n - firstColumn);
        float* source = b + (firstColumn * stride);
        int i = 0;
        if (Transpose.IsSupported)
        {
            for (; i + 16 <= k; i += 16)
            {
                Transpose.Sixteen(source + i, stride, columns, panel + ((nint)i * MicroKernel.Columns), MicroKernel.Columns);
                Transpose.Sixteen(source + (16 * stride) + i, stride, columns - 16, panel + ((nint)i * MicroKernel.Columns) + 16, MicroKernel.Columns);
            }
        }

        for (int column = 0; column < MicroKernel.Columns; column++)
        {
            float* row = source + (column * stride);
            float* target = panel + column;
            for (int j = i; j < k; j++)
            {
                target[(nint)j * MicroKernel.Columns] = column < columns ? row[j] : 0f;
            }
        }
    }
}
