using System.Runtime.CompilerServices;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>Walks the tiles of one 32-column panel of C, with care for the columns beyond its end.</summary>
internal static unsafe class TileLoop
{
    /// <summary>C[0 … m, 0 … columns] += A · panel for one panel; columns from 1 to 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run(int m, int columns, int k, float* a, nint aRow, nint aStep, float* b, nint bStep, float* c, nint cRow, bool fromZero)
    {
        if (columns == MicroKernel.Columns)
        {
            for (int i = 0; i < m; i += MicroKernel.Rows)
            {
                MicroKernel.Run(Math.Min(MicroKernel.Rows, m - i), k, a + (i * aRow), aRow, aStep, b, bStep, c + (i * cRow), cRow, fromZero);
            }

            return;
        }

        // The tile would write past the row's end: compute beside, then copy what is real.
        float* edge = ThreadScratch.Rent(ThreadScratch.Slot.EdgeTile, MicroKernel.Rows * MicroKernel.Columns);
        for (int i = 0; i < m; i += MicroKernel.Rows)
        {
            int rows = Math.Min(MicroKernel.Rows, m - i);
            float* tile = c + (i * cRow);
            if (!fromZero)
            {
                for (int row = 0; row < rows; row++)
                {
                    new ReadOnlySpan<float>(tile + (row * cRow), columns).CopyTo(new Span<float>(edge + (row * MicroKernel.Columns), columns));
                }
            }

            MicroKernel.Run(rows, k, a + (i * aRow), aRow, aStep, b, bStep, edge, MicroKernel.Columns, fromZero);
            for (int row = 0; row < rows; row++)
            {
                new ReadOnlySpan<float>(edge + (row * MicroKernel.Columns), columns).CopyTo(new Span<float>(tile + (row * cRow), columns));
            }
        }
    }
}
