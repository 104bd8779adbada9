using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// The left operand laid out for <see cref="MicroKernel"/>: panels of twelve rows, each k × 12 in a row. A tile then reads one stream
/// instead of twelve, whose distances may be powers of two and fall on the same lines of the cache. Packing moves values and computes nothing.
/// </summary>
internal static unsafe class RowPanels
{
    // Far enough to hide a read from memory; a prefetch beyond the end of the operand does nothing.
    private const int StepsAhead = 12;

    /// <summary>Floats that rows × k needs when packed.</summary>
    internal static long Length(int rows, int k) => (long)Count(rows) * MicroKernel.Rows * k;

    /// <summary>Number of panels for so many rows.</summary>
    internal static int Count(int rows) => (rows + MicroKernel.Rows - 1) / MicroKernel.Rows;

    /// <summary>Packs neighbouring panels of a matrix given as a[row · aRow + i · aStep], where one of the distances is 1.</summary>
    /// <remarks>In a last panel of fewer rows, the places of those that are missing keep what they held: no tile reads them.</remarks>
    internal static void Pack(float* a, nint aRow, nint aStep, int rows, int k, float* panels)
    {
        if (aRow == 1)
        {
            PackSteps(a, aStep, rows, k, panels);
            return;
        }

        for (int row = 0; row < rows; row += MicroKernel.Rows, panels += (nint)MicroKernel.Rows * k)
        {
            PackRows(a + (row * aRow), aRow, aStep, Math.Min(MicroKernel.Rows, rows - row), k, panels);
        }
    }

    /// <summary>Rows that are contiguous over the row index: k by k over all panels, so that long runs are read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackSteps(float* a, nint aStep, int rows, int k, float* panels)
    {
        int whole = rows / MicroKernel.Rows;
        int rest = rows - (whole * MicroKernel.Rows);
        nint panelLength = (nint)MicroKernel.Rows * k;
        for (int i = 0; i < k; i++, a += aStep, panels += MicroKernel.Rows)
        {
            float* panel = panels;
            float* row = a;
            if (Sse.IsSupported)
            {
                for (int line = 0; line < rows; line += 16)
                {
                    Sse.Prefetch0(a + (StepsAhead * aStep) + line);
                }
            }

            for (int p = 0; p < whole; p++, row += MicroKernel.Rows, panel += panelLength)
            {
                Vector256<float> left = Vector256.Load(row);
                Vector128<float> right = Vector128.Load(row + 8);
                left.Store(panel);
                right.Store(panel + 8);
            }

            for (int j = 0; j < rest; j++)
            {
                panel[j] = row[j];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRows(float* a, nint aRow, nint aStep, int rows, int k, float* panel)
    {
        int i = 0;
        if (rows == MicroKernel.Rows && aStep == 1 && Avx512F.IsSupported)
        {
            for (; i + 16 <= k; i += 16)
            {
                Transpose.Twelve(a + i, aRow, panel + (i * MicroKernel.Rows));
            }
        }

        for (; i < k; i++)
        {
            for (int row = 0; row < rows; row++)
            {
                panel[(i * MicroKernel.Rows) + row] = a[(row * aRow) + (i * aStep)];
            }
        }
    }
}
