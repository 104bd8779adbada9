namespace TrnOrleans.Numerics.Compute;

/// <summary>
/// How the row-wise kernels are cut: always 64 rows a piece. Sums over rows are made per block and then over blocks in ascending order, so
/// the block size is part of the result and never follows the thread count.
/// </summary>
internal static class RowBlocks
{
    internal const int Rows = 64;

    internal static int Count(int rows) => (rows + Rows - 1) / Rows;

    internal static int End(int block, int rows) => Math.Min(rows, (block + 1) * Rows);
}
