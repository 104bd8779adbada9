using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>The sum of every column, which is the gradient of a bias: 64 rows a block, then the blocks in ascending order.</summary>
public static unsafe class ColumnSums
{
    /// <summary>sums[j] = Σ over rows of matrix[i, j]; matrix: rows × width; sums: width, overwritten; zeros when there are no rows.</summary>
    /// <exception cref="ArgumentException">the matrix's length is not a multiple of the width.</exception>
    public static void Compute(ReadOnlySpan<float> matrix, Span<float> sums)
    {
        int width = sums.Length;
        int rows = Shape.Rows(matrix, width, nameof(matrix));
        int blocks = RowBlocks.Count(rows);
        float* partials = ThreadScratch.Rent(ThreadScratch.Slot.Partials, (long)width * Math.Max(blocks, 1));
        fixed (float* pMatrix = matrix, pSums = sums)
        {
            Pieces work = new() { Matrix = pMatrix, Partials = partials, Rows = rows, Width = width };
            ComputeEngine.ForEachPiece(blocks, ref work);
            FoldBlocks(partials, blocks, width, 0, pSums, width);
        }
    }

    /// <summary>target[j] = partials[0][offset + j] + partials[1][offset + j] + …, in this order; zeros when there are no blocks.</summary>
    internal static void FoldBlocks(float* partials, int blocks, int stride, int offset, float* target, int width)
    {
        for (int i = 0; i < width; i += Lanes.Width)
        {
            int left = width - i;
            Vector512<float> sum = Vector512<float>.Zero;
            for (int block = 0; block < blocks; block++)
            {
                sum += Lanes.Load(partials + ((nint)block * stride) + offset + i, left);
            }

            Lanes.Store(sum, target + i, left);
        }
    }

    private struct Pieces : IPieces
    {
        internal float* Matrix, Partials;
        internal int Rows, Width;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            float* sums = Partials + ((nint)piece * Width);
            int first = piece * RowBlocks.Rows;
            int end = RowBlocks.End(piece, Rows);
            for (int i = 0; i < Width; i += Lanes.Width)
            {
                int left = Width - i;
                Vector512<float> sum = Vector512<float>.Zero;
                float* column = Matrix + ((nint)first * Width) + i;
                for (int row = first; row < end; row++, column += Width)
                {
                    sum += Lanes.Load(column, left);
                }

                Lanes.Store(sum, sums + i, left);
            }
        }
    }
}
