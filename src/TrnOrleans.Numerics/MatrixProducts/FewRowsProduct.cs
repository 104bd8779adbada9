using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// A · Bᵀ for few rows of A, computed as (B · Aᵀ)ᵀ: rows of B are read where they lie, each once, and only the small A is packed. With
/// few rows the other way would spend more time on packing B than on the product. The chains are the same, factor for factor.
/// </summary>
internal unsafe struct FewRowsProduct
{
    // Above this packing B pays.
    private const int MostRows = 64;

    // Pieces of C: few enough columns that the piece's sums (48 × 64 floats) stay in L1 beside the operands.
    private const int ColumnsPerPiece = 4 * MicroKernel.Rows;

    private Operands _operands;
    private float* _left;

    /// <summary>Whether this way is the shorter one.</summary>
    internal static bool Suits(in Operands operands) =>
        !operands.IsPacked && operands.BStep == 1 && operands.BColumn != 1 && operands.AStep == 1 && operands.M <= MostRows && operands.K > 0;

    internal static void Run(in Operands operands)
    {
        FewRowsProduct work = new() { _operands = operands };
        work._left = ThreadScratch.Rent(ThreadScratch.Slot.PackedColumns, ColumnPanels.Length(operands.K, operands.M));
        for (int row = 0; row < operands.M; row += MicroKernel.Columns)
        {
            ColumnPanels.PackColumns(operands.A, operands.ARow, operands.K, row, operands.M, work._left + ((nint)row * operands.K));
        }

        Pieces pieces = new() { Product = work };
        ComputeEngine.ForEachPiece((operands.N + ColumnsPerPiece - 1) / ColumnsPerPiece, ref pieces, operands.WorthHelp);
    }

    private readonly void Multiply(int firstColumn)
    {
        ref readonly Operands o = ref _operands;
        int columns = Math.Min(ColumnsPerPiece, o.N - firstColumn);
        int panels = ColumnPanels.Count(o.M);
        nint sumsRow = (nint)panels * MicroKernel.Columns;

        // Whole tiles of 16 rows are transposed at the end: the sums have room for the last.
        float* sums = ThreadScratch.Rent(ThreadScratch.Slot.PackedRows, (ColumnsPerPiece + 16) * sumsRow);
        for (int k = 0; k < o.K; k += BlockedProduct.KBlock)
        {
            int steps = Math.Min(BlockedProduct.KBlock, o.K - k);
            TileRows b = TileRows.InPlace(o.B + (firstColumn * o.BColumn) + k, o.BColumn, 1);
            for (int panel = 0; panel < panels; panel++)
            {
                int row = panel * MicroKernel.Columns;
                TileLoop.RunWide(columns, o.M - row, steps, b, _left + ((((nint)panel * o.K) + k) * MicroKernel.Columns), sums + row, sumsRow, k == 0);
            }
        }

        for (int row = 0; row < o.M; row += 16)
        {
            for (int column = 0; column < columns; column += 16)
            {
                Store(sums + (column * sumsRow) + row, sumsRow, Math.Min(16, o.M - row), Math.Min(16, columns - column), o.C + ((nint)row * o.N) + firstColumn + column);
            }
        }

        KernelWork.Add((long)columns * o.M * o.K);
        o.Finish(0, o.M, firstColumn, columns);
    }

    /// <summary>A transposed block of at most 16 × 16 into its place.</summary>
    private readonly void Store(float* sums, nint sumsRow, int rows, int columns, float* target)
    {
        if (Transpose.IsSupported)
        {
            if (rows == 16 && columns == 16)
            {
                Transpose.Sixteen(sums, sumsRow, target, _operands.N);
            }
            else
            {
                Transpose.Corner(sums, sumsRow, columns, rows, target, _operands.N);
            }

            return;
        }

        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                target[(row * (nint)_operands.N) + column] = sums[(column * sumsRow) + row];
            }
        }
    }

    private struct Pieces : IPieces
    {
        internal FewRowsProduct Product;

        public readonly void Run(int piece) => Product.Multiply(piece * ColumnsPerPiece);
    }
}
