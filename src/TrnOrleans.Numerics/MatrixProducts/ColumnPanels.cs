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
    /// <summary>Floats that k × n needs when packed.</summary>
    internal static long Length(int k, int n) => (long)k * Count(n) * MicroKernel.Columns;

    /// <summary>Number of panels for n columns.</summary>
    internal static int Count(int n) => (n + MicroKernel.Columns - 1) / MicroKernel.Columns;

    /// <summary>Packs one panel of a matrix given as k rows of columns (b[i · stride + column]).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PackRows(float* b, nint stride, int k, int firstColumn, int n, float* panel)
    {
        int columns = Math.Min(MicroKernel.Columns, n - firstColumn);
        float* source = b + firstColumn;
        if (columns == MicroKernel.Columns)
        {
            for (int i = 0; i < k; i++, source += stride, panel += MicroKernel.Columns)
            {
                Vector512<float> left = Vector512.Load(source);
                Vector512<float> right = Vector512.Load(source + 16);
                left.Store(panel);
                right.Store(panel + 16);
            }

            return;
        }

        for (int i = 0; i < k; i++, source += stride, panel += MicroKernel.Columns)
        {
            for (int column = 0; column < MicroKernel.Columns; column++)
            {
                panel[column] = column < columns ? source[column] : 0f;
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
        if (Avx512F.IsSupported && columns == MicroKernel.Columns)
        {
            for (; i + 16 <= k; i += 16)
            {
                Transpose16(source + i, stride, panel + (i * MicroKernel.Columns));
                Transpose16(source + (16 * stride) + i, stride, panel + (i * MicroKernel.Columns) + 16);
            }
        }

        for (int column = 0; column < MicroKernel.Columns; column++)
        {
            float* row = source + (column * stride);
            float* target = panel + column;
            for (int j = i; j < k; j++)
            {
                target[j * MicroKernel.Columns] = column < columns ? row[j] : 0f;
            }
        }
    }

    /// <summary>Sixteen rows of sixteen, transposed, into rows of a panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose16(float* source, nint stride, float* target)
    {
        // Four 4 × 4 transposes a quarter: unpack pairs of rows, unpack pairs of pairs, then put the 128-bit quarters in order.
        Vector512<float>* t = stackalloc Vector512<float>[16];
        for (int q = 0; q < 4; q++)
        {
            Vector512<float> r0 = Vector512.Load(source + (((4 * q) + 0) * stride));
            Vector512<float> r1 = Vector512.Load(source + (((4 * q) + 1) * stride));
            Vector512<float> r2 = Vector512.Load(source + (((4 * q) + 2) * stride));
            Vector512<float> r3 = Vector512.Load(source + (((4 * q) + 3) * stride));
            Vector512<double> low01 = Avx512F.UnpackLow(r0, r1).AsDouble();
            Vector512<double> high01 = Avx512F.UnpackHigh(r0, r1).AsDouble();
            Vector512<double> low23 = Avx512F.UnpackLow(r2, r3).AsDouble();
            Vector512<double> high23 = Avx512F.UnpackHigh(r2, r3).AsDouble();
            t[q] = Avx512F.UnpackLow(low01, low23).AsSingle();
            t[4 + q] = Avx512F.UnpackHigh(low01, low23).AsSingle();
            t[8 + q] = Avx512F.UnpackLow(high01, high23).AsSingle();
            t[12 + q] = Avx512F.UnpackHigh(high01, high23).AsSingle();
        }

        // t[4·j + q] holds, in quarter p, column 4·p + j of the rows 4·q … 4·q + 3.
        for (int j = 0; j < 4; j++)
        {
            Vector512<float> low01 = Avx512F.Shuffle4x128(t[(4 * j) + 0], t[(4 * j) + 1], 0x44);
            Vector512<float> high01 = Avx512F.Shuffle4x128(t[(4 * j) + 0], t[(4 * j) + 1], 0xEE);
            Vector512<float> low23 = Avx512F.Shuffle4x128(t[(4 * j) + 2], t[(4 * j) + 3], 0x44);
            Vector512<float> high23 = Avx512F.Shuffle4x128(t[(4 * j) + 2], t[(4 * j) + 3], 0xEE);
            Avx512F.Shuffle4x128(low01, low23, 0x88).Store(target + ((0 + j) * MicroKernel.Columns));
            Avx512F.Shuffle4x128(low01, low23, 0xDD).Store(target + ((4 + j) * MicroKernel.Columns));
            Avx512F.Shuffle4x128(high01, high23, 0x88).Store(target + ((8 + j) * MicroKernel.Columns));
            Avx512F.Shuffle4x128(high01, high23, 0xDD).Store(target + ((12 + j) * MicroKernel.Columns));
        }
    }
}
