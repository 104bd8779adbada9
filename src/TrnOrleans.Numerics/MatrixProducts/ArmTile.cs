using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>The tile of <see cref="MicroKernel"/> in the 32 registers of ARM 64.</summary>
internal static unsafe class ArmTile
{
    /// <summary>4 × 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run4(int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool fromZero)
    {
        Vector128<float> c0x0 = Vector128<float>.Zero, c0x1 = Vector128<float>.Zero, c0x2 = Vector128<float>.Zero, c0x3 = Vector128<float>.Zero;
        Vector128<float> c1x0 = Vector128<float>.Zero, c1x1 = Vector128<float>.Zero, c1x2 = Vector128<float>.Zero, c1x3 = Vector128<float>.Zero;
        Vector128<float> c2x0 = Vector128<float>.Zero, c2x1 = Vector128<float>.Zero, c2x2 = Vector128<float>.Zero, c2x3 = Vector128<float>.Zero;
        Vector128<float> c3x0 = Vector128<float>.Zero, c3x1 = Vector128<float>.Zero, c3x2 = Vector128<float>.Zero, c3x3 = Vector128<float>.Zero;
        if (!fromZero)
        {
            c0x0 = Vector128.Load(c);
            c0x1 = Vector128.Load(c + 4);
            c0x2 = Vector128.Load(c + 8);
            c0x3 = Vector128.Load(c + 12);
            c1x0 = Vector128.Load(c + cRow);
            c1x1 = Vector128.Load(c + cRow + 4);
            c1x2 = Vector128.Load(c + cRow + 8);
            c1x3 = Vector128.Load(c + cRow + 12);
            c2x0 = Vector128.Load(c + (2 * cRow));
            c2x1 = Vector128.Load(c + (2 * cRow) + 4);
            c2x2 = Vector128.Load(c + (2 * cRow) + 8);
            c2x3 = Vector128.Load(c + (2 * cRow) + 12);
            c3x0 = Vector128.Load(c + (3 * cRow));
            c3x1 = Vector128.Load(c + (3 * cRow) + 4);
            c3x2 = Vector128.Load(c + (3 * cRow) + 8);
            c3x3 = Vector128.Load(c + (3 * cRow) + 12);
        }

        float* a3 = a + (3 * aRow);
        for (int i = 0; i < k; i++)
        {
            Vector128<float> b0 = Vector128.Load(b);
            Vector128<float> b1 = Vector128.Load(b + 4);
            Vector128<float> b2 = Vector128.Load(b + 8);
            Vector128<float> b3 = Vector128.Load(b + 12);
            Vector128<float> s0 = Vector128.Create(*a);
            c0x0 = Vector128.FusedMultiplyAdd(s0, b0, c0x0);
            c0x1 = Vector128.FusedMultiplyAdd(s0, b1, c0x1);
            c0x2 = Vector128.FusedMultiplyAdd(s0, b2, c0x2);
            c0x3 = Vector128.FusedMultiplyAdd(s0, b3, c0x3);
            Vector128<float> s1 = Vector128.Create(a[aRow]);
            c1x0 = Vector128.FusedMultiplyAdd(s1, b0, c1x0);
            c1x1 = Vector128.FusedMultiplyAdd(s1, b1, c1x1);
            c1x2 = Vector128.FusedMultiplyAdd(s1, b2, c1x2);
            c1x3 = Vector128.FusedMultiplyAdd(s1, b3, c1x3);
            Vector128<float> s2 = Vector128.Create(a[2 * aRow]);
            c2x0 = Vector128.FusedMultiplyAdd(s2, b0, c2x0);
            c2x1 = Vector128.FusedMultiplyAdd(s2, b1, c2x1);
            c2x2 = Vector128.FusedMultiplyAdd(s2, b2, c2x2);
            c2x3 = Vector128.FusedMultiplyAdd(s2, b3, c2x3);
            Vector128<float> s3 = Vector128.Create(*a3);
            c3x0 = Vector128.FusedMultiplyAdd(s3, b0, c3x0);
            c3x1 = Vector128.FusedMultiplyAdd(s3, b1, c3x1);
            c3x2 = Vector128.FusedMultiplyAdd(s3, b2, c3x2);
            c3x3 = Vector128.FusedMultiplyAdd(s3, b3, c3x3);
            a += aStep;
            a3 += aStep;
            b += bStep;
        }

        c0x0.Store(c);
        c0x1.Store(c + 4);
        c0x2.Store(c + 8);
        c0x3.Store(c + 12);
        c1x0.Store(c + cRow);
        c1x1.Store(c + cRow + 4);
        c1x2.Store(c + cRow + 8);
        c1x3.Store(c + cRow + 12);
        c2x0.Store(c + (2 * cRow));
        c2x1.Store(c + (2 * cRow) + 4);
        c2x2.Store(c + (2 * cRow) + 8);
        c2x3.Store(c + (2 * cRow) + 12);
        c3x0.Store(c + (3 * cRow));
        c3x1.Store(c + (3 * cRow) + 4);
        c3x2.Store(c + (3 * cRow) + 8);
        c3x3.Store(c + (3 * cRow) + 12);
    }
}
