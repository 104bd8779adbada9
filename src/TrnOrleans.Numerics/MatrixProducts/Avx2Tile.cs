using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>Tiles of <see cref="MicroKernel"/> in the 16 registers of AVX2.</summary>
internal static unsafe class Avx2Tile
{
    /// <summary>6 × 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run6(int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool fromZero)
    {
        Vector256<float> c0x0 = Vector256<float>.Zero, c0x1 = Vector256<float>.Zero;
        Vector256<float> c1x0 = Vector256<float>.Zero, c1x1 = Vector256<float>.Zero;
        Vector256<float> c2x0 = Vector256<float>.Zero, c2x1 = Vector256<float>.Zero;
        Vector256<float> c3x0 = Vector256<float>.Zero, c3x1 = Vector256<float>.Zero;
        Vector256<float> c4x0 = Vector256<float>.Zero, c4x1 = Vector256<float>.Zero;
        Vector256<float> c5x0 = Vector256<float>.Zero, c5x1 = Vector256<float>.Zero;
        if (!fromZero)
        {
            c0x0 = Vector256.Load(c);
            c0x1 = Vector256.Load(c + 8);
            c1x0 = Vector256.Load(c + cRow);
            c1x1 = Vector256.Load(c + cRow + 8);
            c2x0 = Vector256.Load(c + (2 * cRow));
            c2x1 = Vector256.Load(c + (2 * cRow) + 8);
            c3x0 = Vector256.Load(c + (3 * cRow));
            c3x1 = Vector256.Load(c + (3 * cRow) + 8);
            c4x0 = Vector256.Load(c + (4 * cRow));
            c4x1 = Vector256.Load(c + (4 * cRow) + 8);
            c5x0 = Vector256.Load(c + (5 * cRow));
            c5x1 = Vector256.Load(c + (5 * cRow) + 8);
        }

        float* a3 = a + (3 * aRow);
        for (int i = 0; i < k; i++)
        {
            Vector256<float> b0 = Vector256.Load(b);
            Vector256<float> b1 = Vector256.Load(b + 8);
            Vector256<float> s0 = Vector256.Create(*a);
            c0x0 = Vector256.FusedMultiplyAdd(s0, b0, c0x0);
            c0x1 = Vector256.FusedMultiplyAdd(s0, b1, c0x1);
            Vector256<float> s1 = Vector256.Create(a[aRow]);
            c1x0 = Vector256.FusedMultiplyAdd(s1, b0, c1x0);
            c1x1 = Vector256.FusedMultiplyAdd(s1, b1, c1x1);
            Vector256<float> s2 = Vector256.Create(a[2 * aRow]);
            c2x0 = Vector256.FusedMultiplyAdd(s2, b0, c2x0);
            c2x1 = Vector256.FusedMultiplyAdd(s2, b1, c2x1);
            Vector256<float> s3 = Vector256.Create(*a3);
            c3x0 = Vector256.FusedMultiplyAdd(s3, b0, c3x0);
            c3x1 = Vector256.FusedMultiplyAdd(s3, b1, c3x1);
            Vector256<float> s4 = Vector256.Create(a3[aRow]);
            c4x0 = Vector256.FusedMultiplyAdd(s4, b0, c4x0);
            c4x1 = Vector256.FusedMultiplyAdd(s4, b1, c4x1);
            Vector256<float> s5 = Vector256.Create(a3[2 * aRow]);
            c5x0 = Vector256.FusedMultiplyAdd(s5, b0, c5x0);
            c5x1 = Vector256.FusedMultiplyAdd(s5, b1, c5x1);
            a += aStep;
            a3 += aStep;
            b += bStep;
        }

        c0x0.Store(c);
        c0x1.Store(c + 8);
        c1x0.Store(c + cRow);
        c1x1.Store(c + cRow + 8);
        c2x0.Store(c + (2 * cRow));
        c2x1.Store(c + (2 * cRow) + 8);
        c3x0.Store(c + (3 * cRow));
        c3x1.Store(c + (3 * cRow) + 8);
        c4x0.Store(c + (4 * cRow));
        c4x1.Store(c + (4 * cRow) + 8);
        c5x0.Store(c + (5 * cRow));
        c5x1.Store(c + (5 * cRow) + 8);
    }

    /// <summary>1 × 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run1(int k, float* a, nint aStep, float* b, nint bStep, float* c, bool fromZero)
    {
        Vector256<float> c0x0 = Vector256<float>.Zero, c0x1 = Vector256<float>.Zero, c0x2 = Vector256<float>.Zero, c0x3 = Vector256<float>.Zero;
        if (!fromZero)
        {
            c0x0 = Vector256.Load(c);
            c0x1 = Vector256.Load(c + 8);
            c0x2 = Vector256.Load(c + 16);
            c0x3 = Vector256.Load(c + 24);
        }

        for (int i = 0; i < k; i++)
        {
            Vector256<float> b0 = Vector256.Load(b);
            Vector256<float> b1 = Vector256.Load(b + 8);
            Vector256<float> b2 = Vector256.Load(b + 16);
            Vector256<float> b3 = Vector256.Load(b + 24);
            Vector256<float> s0 = Vector256.Create(*a);
            c0x0 = Vector256.FusedMultiplyAdd(s0, b0, c0x0);
            c0x1 = Vector256.FusedMultiplyAdd(s0, b1, c0x1);
            c0x2 = Vector256.FusedMultiplyAdd(s0, b2, c0x2);
            c0x3 = Vector256.FusedMultiplyAdd(s0, b3, c0x3);
            a += aStep;
            b += bStep;
        }

        c0x0.Store(c);
        c0x1.Store(c + 8);
        c0x2.Store(c + 16);
        c0x3.Store(c + 24);
    }
}
