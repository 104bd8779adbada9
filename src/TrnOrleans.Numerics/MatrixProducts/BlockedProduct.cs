using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// One product cut in blocks that fit the caches: B in panels of 32 columns, k in blocks of 256 (a panel block is 32 KiB, in L1),
/// C in pieces of 96 × 256 for the compute threads. No block size touches a result: a chain goes on where the block before it ended.
/// </summary>
internal unsafe struct BlockedProduct
{
    private const int KBlock = 256;
    private const int MBlock = 96;
    private const int PanelsPerPiece = 8;

    // Below this many multiply-adds a kernel takes under 10 µs, and calling for help costs more than it brings.
    private const long WorthSharing = 1 << 19;

    // With fewer rows a packed B would be read hardly more often than it was written.
    private const int RowsWorthPacking = 48;

    internal int M, N, K;
    internal float* A, B, C, Bias, Residual;
    internal nint ARow, AStep, BStep, BColumn;
    private float* _panels;
    private int _firstPackedPanel;

    internal void Run()
    {
        int panels = ColumnPanels.Count(N);
        bool share = (long)M * N * K >= WorthSharing;

        // Rows of B that are already contiguous are read where they lie when few rows of A use them; only a ragged last panel is packed.
        bool inPlace = BColumn == 1 && M < RowsWorthPacking;
        _firstPackedPanel = !inPlace ? 0 : N % MicroKernel.Columns == 0 ? panels : panels - 1;
        if (_firstPackedPanel < panels && K > 0)
        {
            _panels = ThreadScratch.Rent(ThreadScratch.Slot.PackedColumns, (long)K * (panels - _firstPackedPanel) * MicroKernel.Columns);
            PackPieces pack = new() { Product = this };
            Share(panels - _firstPackedPanel, share, ref pack);
        }

        MultiplyPieces multiply = new()
        {
            Product = this,
            ColumnPieces = (panels + PanelsPerPiece - 1) / PanelsPerPiece,
        };
        Share(((M + MBlock - 1) / MBlock) * multiply.ColumnPieces, share, ref multiply);
    }

    private static void Share<TPieces>(int pieces, bool share, ref TPieces work)
        where TPieces : struct, IPieces
    {
        if (share)
        {
            ComputeEngine.ForEachPiece(pieces, ref work);
            return;
        }

        for (int piece = 0; piece < pieces; piece++)
        {
            work.Run(piece);
        }
    }

    private readonly void MultiplyPiece(int firstRow, int firstPanel)
    {
        int rows = Math.Min(MBlock, M - firstRow);
        int lastPanel = Math.Min(ColumnPanels.Count(N), firstPanel + PanelsPerPiece);
        for (int k = 0; k < K; k += KBlock)
        {
            int steps = Math.Min(KBlock, K - k);
            float* a = A + (firstRow * ARow) + (k * AStep);
            for (int panel = firstPanel; panel < lastPanel; panel++)
            {
                int column = panel * MicroKernel.Columns;
                bool packed = panel >= _firstPackedPanel;
                float* b = packed
                    ? _panels + ((((long)(panel - _firstPackedPanel) * K) + k) * MicroKernel.Columns)
                    : B + (k * BStep) + column;
                TileLoop.Run(
                    rows, Math.Min(MicroKernel.Columns, N - column), steps, a, ARow, AStep,
                    b, packed ? MicroKernel.Columns : BStep, C + ((nint)firstRow * N) + column, N, k == 0);
            }
        }

        WriteBack(firstRow, rows, firstPanel * MicroKernel.Columns, Math.Min(N, lastPanel * MicroKernel.Columns));
    }

    /// <summary>What comes after the chain, while the block is still in the cache.</summary>
    private readonly void WriteBack(int firstRow, int rows, int firstColumn, int lastColumn)
    {
        if (K > 0 && Bias is null && Residual is null)
        {
            return;
        }

        for (int row = firstRow; row < firstRow + rows; row++)
        {
            nint start = (nint)row * N;
            for (int column = firstColumn; column < lastColumn; column += Lanes.Width)
            {
                int left = lastColumn - column;
                Vector512<float> value = K == 0 ? Vector512<float>.Zero : Lanes.Load(C + start + column, left);
                if (Bias is not null)
                {
                    value += Lanes.Load(Bias + column, left);
                }

                if (Residual is not null)
                {
                    value += Lanes.Load(Residual + start + column, left);
                }

                Lanes.Store(value, C + start + column, left);
            }
        }
    }

    private struct PackPieces : IPieces
    {
        internal BlockedProduct Product;

        public readonly void Run(int piece)
        {
            BlockedProduct p = Product;
            float* target = p._panels + ((long)piece * p.K * MicroKernel.Columns);
            int column = (p._firstPackedPanel + piece) * MicroKernel.Columns;
            if (p.BColumn == 1)
            {
                ColumnPanels.PackRows(p.B, p.BStep, p.K, column, p.N, target);
            }
            else
            {
                ColumnPanels.PackColumns(p.B, p.BColumn, p.K, column, p.N, target);
            }
        }
    }

    private struct MultiplyPieces : IPieces
    {
        internal BlockedProduct Product;
        internal int ColumnPieces;

        public readonly void Run(int piece) =>
            Product.MultiplyPiece(piece / ColumnPieces * MBlock, piece % ColumnPieces * PanelsPerPiece);
    }
}
