using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>The rows that are left under twelve: 4, 2 and 1 by 32 columns.</summary>
internal static unsafe class Avx512TileSmall
{
    /// <summary>4 × 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run4(int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool fromZero)
    {
        Vector512<float> c0x0 = Vector512<float>.Zero, c0x1 = Vector512<float>.Zero;
        Vector512<float> c1x0 = Vector512<float>.Zero, c1x1 = Vector512<float>.Zero;
        Vector512<float> c2x0 = Vector512<float>.Zero, c2x1 = Vector512<float>.Zero;
        Vector512<float> c3x0 = Vector512<float>.Zero, c3x1 = Vector512<float>.Zero;
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
        }

        float* a3 = a + (3 * aRow);
        for (int i = 0; i < k; i++)
        {
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
            a += aStep;
            a3 += aStep;
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
    }

    /// <summary>2 × 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run2(int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool fromZero)
    {
        Vector512<float> c0x0 = Vector512<float>.Zero, c0x1 = Vector512<float>.Zero;
        Vector512<float> c1x0 = Vector512<float>.Zero, c1x1 = Vector512<float>.Zero;
        if (!fromZero)
        {
            c0x0 = Vector512.Load(c);
            c0x1 = Vector512.Load(c + 16);
            c1x0 = Vector512.Load(c + cRow);
            c1x1 = Vector512.Load(c + cRow + 16);
        }

        for (int i = 0; i < k; i++)
        {
            Vector512<float> b0 = Vector512.Load(b);
            Vector512<float> b1 = Vector512.Load(b + 16);
            Vector512<float> s0 = Vector512.Create(*a);
            c0x0 = Vector512.FusedMultiplyAdd(s0, b0, c0x0);
            c0x1 = Vector512.FusedMultiplyAdd(s0, b1, c0x1);
            Vector512<float> s1 = Vector512.Create(a[aRow]);
            c1x0 = Vector512.FusedMultiplyAdd(s1, b0, c1x0);
            c1x1 = Vector512.FusedMultiplyAdd(s1, b1, c1x1);
            a += aStep;
            b += bStep;
        }

        c0x0.Store(c);
        c0x1.Store(c + 16);
        c1x0.Store(c + cRow);
        c1x1.Store(c + cRow + 16);
    }

    /// <summary>1 × 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run1(int k, float* a, nint aStep, float* b, nint bStep, float* c, bool fromZero)
    {
        Vector512<float> c0x0 = Vector512<float>.Zero, c0x1 = Vector512<float>.Zero;
        if (!fromZero)
        {
            c0x0 = Vector512.Load(c);
            c0x1 = Vector512.Load(c + 16);
        }

        for (int i = 0; i < k; i++)
        {
            Vector512<float> b0 = Vector512.Load(b);
            Vector512<float> b1 = Vector512.Load(b + 16);
            Vector512<float> s0 = Vector512.Create(*a);
            c0x0 = Vector512.FusedMultiplyAdd(s0, b0, c0x0);
            c0x1 = Vector512.FusedMultiplyAdd(s0, b1, c0x1);
            a += aStep;
            b += bStep;
        }

        c0x0.Store(c);
        c0x1.Store(c + 16);
    }
}
