using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>The 12 × 32 tile of <see cref="MicroKernel"/> in 24 of the 32 registers of AVX-512: bound by the two multiply-add ports.</summary>
internal static unsafe class Avx512Tile12
{
    // Rows of an operand that is not packed lie too far apart for the hardware to guess the next one; 20 are some 240 cycles.
    private const int RowsAhead = 20;

    /// <summary>12 × 32, operands that lie where they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run(int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool fromZero) =>
        Tile(k, a, aRow, aStep, b, bStep, c, cRow, fromZero, callAhead: true);

    /// <summary>
    /// 12 × 32 of packed operands, a: k × 12, b: k × 32: with constants for the distances, the loop is loads and multiply-adds alone (97 % of
    /// their peak out of the first-level cache).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void RunPacked(int k, float* a, float* b, float* c, nint cRow, bool fromZero) =>
        Tile(k, a, 1, MicroKernel.Rows, b, MicroKernel.Columns, c, cRow, fromZero, callAhead: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tile(
        int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool fromZero, [ConstantExpected] bool callAhead)
    {
        Vector512<float> c0x0 = Vector512<float>.Zero, c0x1 = Vector512<float>.Zero;
        Vector512<float> c1x0 = Vector512<float>.Zero, c1x1 = Vector512<float>.Zero;
        Vector512<float> c2x0 = Vector512<float>.Zero, c2x1 = Vector512<float>.Zero;
        Vector512<float> c3x0 = Vector512<float>.Zero, c3x1 = Vector512<float>.Zero;
        Vector512<float> c4x0 = Vector512<float>.Zero, c4x1 = Vector512<float>.Zero;
        Vector512<float> c5x0 = Vector512<float>.Zero, c5x1 = Vector512<float>.Zero;
        Vector512<float> c6x0 = Vector512<float>.Zero, c6x1 = Vector512<float>.Zero;
        Vector512<float> c7x0 = Vector512<float>.Zero, c7x1 = Vector512<float>.Zero;
        Vector512<float> c8x0 = Vector512<float>.Zero, c8x1 = Vector512<float>.Zero;
        Vector512<float> c9x0 = Vector512<float>.Zero, c9x1 = Vector512<float>.Zero;
        Vector512<float> c10x0 = Vector512<float>.Zero, c10x1 = Vector512<float>.Zero;
        Vector512<float> c11x0 = Vector512<float>.Zero, c11x1 = Vector512<float>.Zero;
        if (!fromZero)
        {
            c0x0 = Vector512.Load(c);
            c0x1 = Vector512.Load(c + 16);
            c1x0 = Vector512.Load(c + cRow);
            c1x1 = Vector512.Load(c + cRow + 16);
            c2x0 = Vector512.Load(c + (2 * cRow));
            c2x1 = Vector512.Load(c + (2 * cRow) + 16);
            c3x0 = Vector512.Load(c + (3 * cRow));
            c3x1 = Vector512.Load(c + (3 * cRow) + 16);
            c4x0 = Vector512.Load(c + (4 * cRow));
            c4x1 = Vector512.Load(c + (4 * cRow) + 16);
            c5x0 = Vector512.Load(c + (5 * cRow));
            c5x1 = Vector512.Load(c + (5 * cRow) + 16);
            c6x0 = Vector512.Load(c + (6 * cRow));
            c6x1 = Vector512.Load(c + (6 * cRow) + 16);
            c7x0 = Vector512.Load(c + (7 * cRow));
            c7x1 = Vector512.Load(c + (7 * cRow) + 16);
            c8x0 = Vector512.Load(c + (8 * cRow));
            c8x1 = Vector512.Load(c + (8 * cRow) + 16);
            c9x0 = Vector512.Load(c + (9 * cRow));
            c9x1 = Vector512.Load(c + (9 * cRow) + 16);
            c10x0 = Vector512.Load(c + (10 * cRow));
            c10x1 = Vector512.Load(c + (10 * cRow) + 16);
            c11x0 = Vector512.Load(c + (11 * cRow));
            c11x1 = Vector512.Load(c + (11 * cRow) + 16);
        }

        float* a3 = a + (3 * aRow);
        float* a6 = a + (6 * aRow);
        float* a9 = a + (9 * aRow);
        nint ahead = RowsAhead * bStep;
        for (int i = 0; i < k; i++)
        {
            if (callAhead)
            {
                Sse.Prefetch0(b + ahead);
                Sse.Prefetch0(b + ahead + 16);
            }

            Vector512<float> b0 = Vector512.Load(b);
            Vector512<float> b1 = Vector512.Load(b + 16);
            Vector512<float> s0 = Vector512.Create(*a);
            c0x0 = Vector512.FusedMultiplyAdd(s0, b0, c0x0);
            c0x1 = Vector512.FusedMultiplyAdd(s0, b1, c0x1);
            Vector512<float> s1 = Vector512.Create(a[aRow]);
            c1x0 = Vector512.FusedMultiplyAdd(s1, b0, c1x0);
            c1x1 = Vector512.FusedMultiplyAdd(s1, b1, c1x1);
            Vector512<float> s2 = Vector512.Create(a[2 * aRow]);
            c2x0 = Vector512.FusedMultiplyAdd(s2, b0, c2x0);
            c2x1 = Vector512.FusedMultiplyAdd(s2, b1, c2x1);
            Vector512<float> s3 = Vector512.Create(*a3);
            c3x0 = Vector512.FusedMultiplyAdd(s3, b0, c3x0);
            c3x1 = Vector512.FusedMultiplyAdd(s3, b1, c3x1);
            Vector512<float> s4 = Vector512.Create(a3[aRow]);
            c4x0 = Vector512.FusedMultiplyAdd(s4, b0, c4x0);
            c4x1 = Vector512.FusedMultiplyAdd(s4, b1, c4x1);
            Vector512<float> s5 = Vector512.Create(a3[2 * aRow]);
            c5x0 = Vector512.FusedMultiplyAdd(s5, b0, c5x0);
            c5x1 = Vector512.FusedMultiplyAdd(s5, b1, c5x1);
            Vector512<float> s6 = Vector512.Create(*a6);
            c6x0 = Vector512.FusedMultiplyAdd(s6, b0, c6x0);
            c6x1 = Vector512.FusedMultiplyAdd(s6, b1, c6x1);
            Vector512<float> s7 = Vector512.Create(a6[aRow]);
            c7x0 = Vector512.FusedMultiplyAdd(s7, b0, c7x0);
            c7x1 = Vector512.FusedMultiplyAdd(s7, b1, c7x1);
            Vector512<float> s8 = Vector512.Create(a6[2 * aRow]);
            c8x0 = Vector512.FusedMultiplyAdd(s8, b0, c8x0);
            c8x1 = Vector512.FusedMultiplyAdd(s8, b1, c8x1);
            Vector512<float> s9 = Vector512.Create(*a9);
            c9x0 = Vector512.FusedMultiplyAdd(s9, b0, c9x0);
            c9x1 = Vector512.FusedMultiplyAdd(s9, b1, c9x1);
            Vector512<float> s10 = Vector512.Create(a9[aRow]);
            c10x0 = Vector512.FusedMultiplyAdd(s10, b0, c10x0);
            c10x1 = Vector512.FusedMultiplyAdd(s10, b1, c10x1);
            Vector512<float> s11 = Vector512.Create(a9[2 * aRow]);
            c11x0 = Vector512.FusedMultiplyAdd(s11, b0, c11x0);
            c11x1 = Vector512.FusedMultiplyAdd(s11, b1, c11x1);
            a += aStep;
            a3 += aStep;
            a6 += aStep;
            a9 += aStep;
            b += bStep;
        }

        c0x0.Store(c);
        c0x1.Store(c + 16);
        c1x0.Store(c + cRow);
        c1x1.Store(c + cRow + 16);
        c2x0.Store(c + (2 * cRow));
        c2x1.Store(c + (2 * cRow) + 16);
        c3x0.Store(c + (3 * cRow));
        c3x1.Store(c + (3 * cRow) + 16);
        c4x0.Store(c + (4 * cRow));
        c4x1.Store(c + (4 * cRow) + 16);
        c5x0.Store(c + (5 * cRow));
        c5x1.Store(c + (5 * cRow) + 16);
        c6x0.Store(c + (6 * cRow));
        c6x1.Store(c + (6 * cRow) + 16);
        c7x0.Store(c + (7 * cRow));
        c7x1.Store(c + (7 * cRow) + 16);
        c8x0.Store(c + (8 * cRow));
        c8x1.Store(c + (8 * cRow) + 16);
        c9x0.Store(c + (9 * cRow));
        c9x1.Store(c + (9 * cRow) + 16);
        c10x0.Store(c + (10 * cRow));
        c10x1.Store(c + (10 * cRow) + 16);
        c11x0.Store(c + (11 * cRow));
        c11x1.Store(c + (11 * cRow) + 16);
    }

    /// <summary>12 × 16: one load and twelve broadcasts for twelve multiply-adds, still bound by the multiply-add ports.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void RunHalf(int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool fromZero)
    {
        Vector512<float> c0 = Vector512<float>.Zero;
        Vector512<float> c1 = Vector512<float>.Zero;
        Vector512<float> c2 = Vector512<float>.Zero;
        Vector512<float> c3 = Vector512<float>.Zero;
        Vector512<float> c4 = Vector512<float>.Zero;
        Vector512<float> c5 = Vector512<float>.Zero;
        Vector512<float> c6 = Vector512<float>.Zero;
        Vector512<float> c7 = Vector512<float>.Zero;
        Vector512<float> c8 = Vector512<float>.Zero;
        Vector512<float> c9 = Vector512<float>.Zero;
        Vector512<float> c10 = Vector512<float>.Zero;
        Vector512<float> c11 = Vector512<float>.Zero;
        if (!fromZero)
        {
            c0 = Vector512.Load(c);
            c1 = Vector512.Load(c + cRow);
            c2 = Vector512.Load(c + (2 * cRow));
            c3 = Vector512.Load(c + (3 * cRow));
            c4 = Vector512.Load(c + (4 * cRow));
            c5 = Vector512.Load(c + (5 * cRow));
            c6 = Vector512.Load(c + (6 * cRow));
            c7 = Vector512.Load(c + (7 * cRow));
            c8 = Vector512.Load(c + (8 * cRow));
            c9 = Vector512.Load(c + (9 * cRow));
            c10 = Vector512.Load(c + (10 * cRow));
            c11 = Vector512.Load(c + (11 * cRow));
        }

        float* a3 = a + (3 * aRow);
        float* a6 = a + (6 * aRow);
        float* a9 = a + (9 * aRow);
        for (int i = 0; i < k; i++)
        {
            Vector512<float> b0 = Vector512.Load(b);
            c0 = Vector512.FusedMultiplyAdd(Vector512.Create(*a), b0, c0);
            c1 = Vector512.FusedMultiplyAdd(Vector512.Create(a[aRow]), b0, c1);
            c2 = Vector512.FusedMultiplyAdd(Vector512.Create(a[2 * aRow]), b0, c2);
            c3 = Vector512.FusedMultiplyAdd(Vector512.Create(*a3), b0, c3);
            c4 = Vector512.FusedMultiplyAdd(Vector512.Create(a3[aRow]), b0, c4);
            c5 = Vector512.FusedMultiplyAdd(Vector512.Create(a3[2 * aRow]), b0, c5);
            c6 = Vector512.FusedMultiplyAdd(Vector512.Create(*a6), b0, c6);
            c7 = Vector512.FusedMultiplyAdd(Vector512.Create(a6[aRow]), b0, c7);
            c8 = Vector512.FusedMultiplyAdd(Vector512.Create(a6[2 * aRow]), b0, c8);
            c9 = Vector512.FusedMultiplyAdd(Vector512.Create(*a9), b0, c9);
            c10 = Vector512.FusedMultiplyAdd(Vector512.Create(a9[aRow]), b0, c10);
            c11 = Vector512.FusedMultiplyAdd(Vector512.Create(a9[2 * aRow]), b0, c11);
            a += aStep;
            a3 += aStep;
            a6 += aStep;
            a9 += aStep;
            b += bStep;
        }

        c0.Store(c);
        c1.Store(c + cRow);
        c2.Store(c + (2 * cRow));
        c3.Store(c + (3 * cRow));
        c4.Store(c + (4 * cRow));
        c5.Store(c + (5 * cRow));
        c6.Store(c + (6 * cRow));
        c7.Store(c + (7 * cRow));
        c8.Store(c + (8 * cRow));
        c9.Store(c + (9 * cRow));
        c10.Store(c + (10 * cRow));
        c11.Store(c + (11 * cRow));
    }
}
