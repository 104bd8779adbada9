using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// A tile of C += A · B held in registers: up to twelve rows, 32 columns. Every element is one chain of fused multiply-adds over k in
/// ascending order, so tile shapes, blocks, vector widths and threads cannot change a bit.
/// </summary>
/// <remarks>
/// A is addressed as a[row · aRow + k · aStep], B as b[k · bStep + column], C as c[row · cRow + column], all in floats.
/// AVX-512 uses 12 × 32 (24 accumulators of 32 registers), AVX2 and ARM 64 smaller tiles; without any of them plain loops with the same chain.
/// </remarks>
internal static unsafe class MicroKernel
{
    internal const int Rows = 12;
    internal const int Columns = 32;

    /// <summary>rows × 32 of C, rows from 1 to 12; the chain starts at zero or goes on from what C holds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Run(int rows, int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool fromZero)
    {
        if (Avx512F.IsSupported)
        {
            if (rows == Rows && aRow == 1 && aStep == Rows && bStep == Columns)
            {
                Avx512Tile12.RunPacked(k, a, b, c, cRow, fromZero);
                return;
            }

            if (rows == Rows)
            {
                Avx512Tile12.Run(k, a, aRow, aStep, b, bStep, c, cRow, fromZero);
                return;
            }

            while (rows >= 4)
            {
                Avx512TileSmall.Run4(k, a, aRow, aStep, b, bStep, c, cRow, fromZero);
                a += 4 * aRow;
                c += 4 * cRow;
                rows -= 4;
            }

            if (rows >= 2)
            {
                Avx512TileSmall.Run2(k, a, aRow, aStep, b, bStep, c, cRow, fromZero);
                a += 2 * aRow;
                c += 2 * cRow;
                rows -= 2;
            }

            if (rows == 1)
            {
                Avx512TileSmall.Run1(k, a, aStep, b, bStep, c, fromZero);
            }
        }
        else if (Fma.IsSupported)
        {
            for (; rows >= 6; rows -= 6, a += 6 * aRow, c += 6 * cRow)
            {
                Avx2Tile.Run6(k, a, aRow, aStep, b, bStep, c, cRow, fromZero);
                Avx2Tile.Run6(k, a, aRow, aStep, b + 16, bStep, c + 16, cRow, fromZero);
            }

            for (; rows > 0; rows--, a += aRow, c += cRow)
            {
                Avx2Tile.Run1(k, a, aStep, b, bStep, c, fromZero);
            }
        }
        else if (AdvSimd.Arm64.IsSupported)
        {
            for (; rows >= 4; rows -= 4, a += 4 * aRow, c += 4 * cRow)
            {
                ArmTile.Run4(k, a, aRow, aStep, b, bStep, c, cRow, fromZero);
                ArmTile.Run4(k, a, aRow, aStep, b + 16, bStep, c + 16, cRow, fromZero);
            }

            for (; rows > 0; rows--, a += aRow, c += cRow)
            {
                PlainTile(k, a, aStep, b, bStep, c, fromZero);
            }
        }
        else
        {
            for (; rows > 0; rows--, a += aRow, c += cRow)
            {
                PlainTile(k, a, aStep, b, bStep, c, fromZero);
            }
        }
    }

    /// <summary>The left half of a tile of twelve rows: 12 × 16, where the other columns are not wanted; they may or may not be written.</summary>
    internal static void RunHalf(int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool fromZero)
    {
        if (Avx512F.IsSupported)
        {
            Avx512Tile12.RunHalf(k, a, aRow, aStep, b, bStep, c, cRow, fromZero);
        }
        else if (Fma.IsSupported)
        {
            Avx2Tile.Run6(k, a, aRow, aStep, b, bStep, c, cRow, fromZero);
            Avx2Tile.Run6(k, a + (6 * aRow), aRow, aStep, b, bStep, c + (6 * cRow), cRow, fromZero);
        }
        else
        {
            Run(Rows, k, a, aRow, aStep, b, bStep, c, cRow, fromZero);
        }
    }

    /// <summary>One row of the tile, with no vector instruction: what every other path must equal bit for bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void PlainTile(int k, float* a, nint aStep, float* b, nint bStep, float* c, bool fromZero)
    {
        for (int column = 0; column < Columns; column++)
        {
            float sum = fromZero ? 0f : c[column];
            for (int i = 0; i < k; i++)
            {
                sum = MathF.FusedMultiplyAdd(a[i * aStep], b[(i * bStep) + column], sum);
            }

            c[column] = sum;
        }
    }
}
