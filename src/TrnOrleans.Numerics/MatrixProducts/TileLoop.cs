using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>The left operand of a column of tiles.</summary>
/// <param name="start">Of the first tile.</param>
/// <param name="row">From one row of a tile to the next, in floats.</param>
/// <param name="step">From one k to the next.</param>
/// <param name="tile">From one tile to the next.</param>
internal readonly unsafe struct TileRows(float* start, nint row, nint step, nint tile)
{
    internal readonly float* Start = start;
    internal readonly nint Row = row, Step = step, Tile = tile;

    /// <summary>Rows that lie as they are.</summary>
    internal static TileRows InPlace(float* start, nint row, nint step) => new(start, row, step, MicroKernel.Rows * row);
}

/// <summary>Walks the tiles of one 32-column panel of C, with care for the columns beyond its end.</summary>
internal static unsafe class TileLoop
{
    /// <summary>C[0 … m, 0 … columns] += A · panel for one panel; columns from 1 to 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Run(int m, int columns, int k, in TileRows left, float* b, nint bStep, float* c, nint cRow, bool fromZero)
    {
        float* a = left.Start;
        if (columns == MicroKernel.Columns)
        {
            for (int i = 0; i < m; i += MicroKernel.Rows, a += left.Tile)
            {
                float* tile = c + (i * cRow);
                if (Sse.IsSupported && m - i >= 2 * MicroKernel.Rows)
                {
                    Prefetch(tile + (MicroKernel.Rows * cRow), cRow);
                }

                MicroKernel.Run(Math.Min(MicroKernel.Rows, m - i), k, a, left.Row, left.Step, b, bStep, tile, cRow, fromZero);
            }

            return;
        }

        // The tile would write past the row's end: compute beside, then copy what is real.
        float* edge = ThreadScratch.Rent(ThreadScratch.Slot.EdgeTile, MicroKernel.Rows * MicroKernel.Columns);
        for (int i = 0; i < m; i += MicroKernel.Rows, a += left.Tile)
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

            RunTile(rows, columns, k, a, left, b, bStep, edge, MicroKernel.Columns, fromZero);
            for (int row = 0; row < rows; row++)
            {
                new ReadOnlySpan<float>(edge + (row * MicroKernel.Columns), columns).CopyTo(new Span<float>(tile + (row * cRow), columns));
            }
        }
    }

    /// <summary>As <see cref="Run"/>, into memory that is wide enough for whole panels; of the 32 columns only the first so many are wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void RunWide(int m, int columns, int k, in TileRows left, float* b, float* c, nint cRow, bool fromZero)
    {
        float* a = left.Start;
        for (int i = 0; i < m; i += MicroKernel.Rows, a += left.Tile)
        {
            RunTile(Math.Min(MicroKernel.Rows, m - i), columns, k, a, left, b, MicroKernel.Columns, c + (i * cRow), cRow, fromZero);
        }
    }

    /// <summary>A tile of which only the first columns are wanted: half a tile where that is enough.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunTile(
        int rows, int columns, int k, float* a, in TileRows left, float* b, nint bStep, float* c, nint cRow, bool fromZero)
    {
        if (rows == MicroKernel.Rows && columns <= MicroKernel.Columns / 2)
        {
            MicroKernel.RunHalf(k, a, left.Row, left.Step, b, bStep, c, cRow, fromZero);
        }
        else
        {
            MicroKernel.Run(rows, k, a, left.Row, left.Step, b, bStep, c, cRow, fromZero);
        }
    }

    /// <summary>Calls the next tile of C into the first-level cache while this one is computed: its rows lie too far apart for the hardware to guess.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* tile, nint cRow)
    {
        for (int row = 0; row < MicroKernel.Rows; row++, tile += cRow)
        {
            Sse.Prefetch0(tile);
            Sse.Prefetch0(tile + 16);
        }
    }
}
