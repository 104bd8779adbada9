using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// One product cut in blocks that fit the caches: k in equal blocks of about 384 (192 to 575), of which B is packed in panels of 32
/// columns (about 48 KiB each) and A in panels of twelve rows (18 KiB), both shared by all threads. No block size touches a result: a
/// chain goes on where the block before it ended.
/// </summary>
/// <remarks>
/// All blocks are pieces of one job for the compute threads: first the pieces that pack, then those that multiply, block after block. A
/// piece waits until what comes before its phase is done; pieces are handed out in order, so whoever waits, waits for work that somebody
/// is doing.
/// </remarks>
internal unsafe struct BlockedProduct
{
    internal const int KBlock = 384;

    // Blocks of the operands: about 4.5 and 3 MiB packed of A and B.
    private const int MBlock = 256 * MicroKernel.Rows;
    private const int NBlock = 64 * MicroKernel.Columns;

    // One piece multiplies up to 96 × 256 of C: panels of B stay in L2 from one piece to the next.
    private const int PanelsPerPiece = 8;
    private const int MostTilesPerPiece = 8;
    private const int PanelsPerPackPiece = 4;
    private const int TilesPerPackPiece = 8;

    // With fewer rows a packed B would be read hardly more often than it was written.
    private const int RowsWorthPacking = 160;

    // With fewer panels a packed A would be, too; unless its rows lie so that they push each other out of the cache.
    private const int PanelsWorthPacking = 8;
    private const int PanelsWorthPackingFarRows = 3;
    private const int FarRow = 512;

    internal Operands Operands;
    private float* _packedColumns;
    private float* _packedRows;
    private int _firstPackedPanel;
    private int _rowBlocks, _columnBlocks, _stepBlocks;
    private int _packColumnPieces, _packRowPieces, _multiplyPieces, _columnPieces;
    private int _tilesPerPiece;
    private int _steps;
    private int _done;
    private volatile bool _failed;

    internal void Run()
    {
        ref readonly Operands o = ref Operands;
        PlanBlocks();
        PlanPacking();
        int phases = _rowBlocks * _columnBlocks * _stepBlocks;
        int pieces = checked(phases * PiecesPerPhase);
        if (pieces == 1)
        {
            Multiply(new Block(o, 0, 1, 1, o.K), 0);
            return;
        }

        Pieces work = new() { Product = this };
        ComputeEngine.ForEachPiece(pieces, ref work, o.WorthHelp);
    }

    private readonly int PiecesPerPhase => _packColumnPieces + _packRowPieces + _multiplyPieces;

    private void PlanBlocks()
    {
        ref readonly Operands o = ref Operands;
        int rows = Math.Min(o.M, MBlock);
        int panels = ColumnPanels.Count(Math.Min(o.N, NBlock));
        _rowBlocks = Count(o.M, MBlock);
        _columnBlocks = Count(o.N, NBlock);

        // Equal blocks: a short last one would read and write all of C for a few multiply-adds.
        int nearest = Math.Max(1, (o.K + (KBlock / 2)) / KBlock);
        _steps = Math.Max(1, Count(o.K, nearest));

        // Counted again: so many blocks of a very long k may end before the last of them begins.
        _stepBlocks = Math.Max(1, Count(o.K, _steps));
        _columnPieces = Count(panels, PanelsPerPiece);

        // Enough pieces that two threads end together, and no more than that: a panel of B should meet many tiles.
        int tiles = RowPanels.Count(rows);
        _tilesPerPiece = Math.Clamp(tiles * _columnPieces / 16, 1, MostTilesPerPiece);
        _multiplyPieces = Count(tiles, _tilesPerPiece) * _columnPieces;
    }

    private void PlanPacking()
    {
        ref readonly Operands o = ref Operands;
        int panels = ColumnPanels.Count(Math.Min(o.N, NBlock));
        int allPanels = ColumnPanels.Count(o.N);
        if (o.K == 0)
        {
            return;
        }

        // Rows of B that are already contiguous are read where they lie when few rows of A use them; only a ragged last panel is packed.
        bool inPlace = !o.IsPacked && o.BColumn == 1 && o.M < RowsWorthPacking;
        _firstPackedPanel = !inPlace ? 0 : o.N % MicroKernel.Columns == 0 ? allPanels : allPanels - 1;
        if (_firstPackedPanel < allPanels && !o.IsPacked)
        {
            _packColumnPieces = inPlace ? 1 : Count(panels, PanelsPerPackPiece);
            _packedColumns = ThreadScratch.Rent(ThreadScratch.Slot.PackedColumns, (long)_steps * (inPlace ? 1 : panels) * MicroKernel.Columns);
        }

        if (panels >= PanelsWorthPacking || (panels >= PanelsWorthPackingFarRows && (o.AStep == 1 ? o.ARow % FarRow == 0 : o.AStep > 64)))
        {
            int rows = Math.Min(o.M, MBlock);
            _packRowPieces = Count(RowPanels.Count(rows), TilesPerPackPiece);
            _packedRows = ThreadScratch.Rent(ThreadScratch.Slot.PackedRows, RowPanels.Length(rows, _steps));
        }
    }

    private void RunPiece(int piece)
    {
        int phase = Math.DivRem(piece, PiecesPerPhase, out int inPhase);
        int packPieces = _packColumnPieces + _packRowPieces;
        Block block = new(Operands, phase, _columnBlocks, _stepBlocks, _steps);
        if (inPhase < packPieces)
        {
            WaitFor(piece - inPhase);
            if (inPhase < _packColumnPieces)
            {
                PackColumns(block, inPhase);
            }
            else
            {
                PackRows(block, inPhase - _packColumnPieces);
            }
        }
        else
        {
            WaitFor(piece - inPhase + packPieces);
            Multiply(block, inPhase - packPieces);
        }

        Interlocked.Increment(ref _done);
    }

    /// <summary>Until so many pieces are done: a piece counts only after its own wait, so these are all that come before a phase.</summary>
    private void WaitFor(int pieces)
    {
        SpinWait spin = default;
        while (Volatile.Read(ref _done) < pieces && !_failed)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    private readonly void PackColumns(in Block block, int piece)
    {
        ref readonly Operands o = ref Operands;
        int firstPanel = block.FirstColumn / MicroKernel.Columns;
        int lastPanel = ColumnPanels.Count(block.EndColumn);
        int from = Math.Max(_firstPackedPanel, firstPanel + (piece * PanelsPerPackPiece));
        int to = Math.Min(lastPanel, Math.Max(_firstPackedPanel, firstPanel) + ((piece + 1) * PanelsPerPackPiece));
        if (from >= to)
        {
            return;
        }

        float* b = o.B + (block.FirstStep * o.BStep);
        if (o.BColumn == 1)
        {
            ColumnPanels.PackRows(b, o.BStep, block.Steps, from * MicroKernel.Columns, o.N, PackedPanel(block, from), to - from);
            return;
        }

        for (int panel = from; panel < to; panel++)
        {
            ColumnPanels.PackColumns(b, o.BColumn, block.Steps, panel * MicroKernel.Columns, o.N, PackedPanel(block, panel));
        }
    }

    private readonly float* PackedPanel(in Block block, int panel) => Operands.IsPacked
        ? Operands.B + ((((nint)panel * Operands.K) + block.FirstStep) * MicroKernel.Columns)
        : _packedColumns + ((nint)(panel - Math.Max(_firstPackedPanel, block.FirstColumn / MicroKernel.Columns)) * block.Steps * MicroKernel.Columns);

    private readonly void PackRows(in Block block, int piece)
    {
        ref readonly Operands o = ref Operands;
        int first = block.FirstRow + (piece * TilesPerPackPiece * MicroKernel.Rows);
        int end = Math.Min(block.EndRow, first + (TilesPerPackPiece * MicroKernel.Rows));
        if (first < end)
        {
            RowPanels.Pack(
                o.A + (first * o.ARow) + (block.FirstStep * o.AStep), o.ARow, o.AStep, end - first, block.Steps,
                _packedRows + ((nint)(first - block.FirstRow) * block.Steps));
        }
    }

    private readonly void Multiply(in Block block, int piece)
    {
        ref readonly Operands o = ref Operands;
        int rowsPerPiece = _tilesPerPiece * MicroKernel.Rows;

        // Down the rows first: the panels of B that a piece has read are still near when the next one wants them.
        int rowPieces = _multiplyPieces / _columnPieces;
        int firstRow = block.FirstRow + (piece % rowPieces * rowsPerPiece);
        int rows = Math.Min(rowsPerPiece, block.EndRow - firstRow);
        int firstPanel = (block.FirstColumn / MicroKernel.Columns) + (piece / rowPieces * PanelsPerPiece);
        int endPanel = Math.Min(ColumnPanels.Count(block.EndColumn), firstPanel + PanelsPerPiece);
        if (rows <= 0)
        {
            return;
        }

        bool packedRows = _packedRows is not null;
        float* a = packedRows ? _packedRows + ((nint)(firstRow - block.FirstRow) * block.Steps) : o.A + (firstRow * o.ARow) + (block.FirstStep * o.AStep);
        TileRows left = packedRows
            ? new TileRows(a, 1, MicroKernel.Rows, (nint)MicroKernel.Rows * block.Steps)
            : new TileRows(a, o.ARow, o.AStep, MicroKernel.Rows * o.ARow);
        for (int panel = firstPanel; panel < endPanel; panel++)
        {
            int column = panel * MicroKernel.Columns;
            int columns = Math.Min(MicroKernel.Columns, o.N - column);
            bool packed = panel >= _firstPackedPanel;
            float* b = packed ? PackedPanel(block, panel) : o.B + (block.FirstStep * o.BStep) + column;
            if (o.K > 0)
            {
                TileLoop.Run(
                    rows, columns, block.Steps, left, b, packed ? MicroKernel.Columns : o.BStep, o.C + ((nint)firstRow * o.N) + column, o.N,
                    block.FirstStep == 0);
            }

            KernelWork.Add((long)rows * columns * block.Steps);
            if (block.EndStep == o.K)
            {
                o.Finish(firstRow, rows, column, columns);
            }
        }
    }

    private static int Count(int length, int block) => (length + block - 1) / block;

    /// <summary>What one phase works on.</summary>
    private readonly struct Block
    {
        internal readonly int FirstRow, EndRow, FirstColumn, EndColumn, FirstStep, EndStep;

        internal Block(in Operands operands, int phase, int columnBlocks, int stepBlocks, int steps)
        {
            int rest = Math.DivRem(phase, stepBlocks, out int step);
            int row = Math.DivRem(rest, columnBlocks, out int column);
            (FirstRow, EndRow) = (row * MBlock, Math.Min(operands.M, (row + 1) * MBlock));
            (FirstColumn, EndColumn) = (column * NBlock, Math.Min(operands.N, (column + 1) * NBlock));
            (FirstStep, EndStep) = (step * steps, Math.Min(operands.K, (step + 1) * steps));
        }

        internal int Steps => EndStep - FirstStep;
    }

    private struct Pieces : IPieces
    {
        internal BlockedProduct Product;

        public void Run(int piece)
        {
            try
            {
                Product.RunPiece(piece);
            }
            catch
            {
                // Nobody may wait for this piece for ever; the engine carries the exception to the caller.
                Product._failed = true;
                throw;
            }
        }
    }
}
