using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Embeddings;

/// <summary>A row of a table for each token, plus a row for its position when positions are learned.</summary>
public static unsafe class Embedding
{
    /// <summary>y[r] = table[tokens[r]] (+ positions[r mod context]).</summary>
    /// <param name="tokens">rows; each in [0, vocabulary).</param>
    /// <param name="table">vocabulary × width.</param>
    /// <param name="positions">at least context × width, or empty.</param>
    /// <param name="y">rows × width; overwritten.</param>
    /// <param name="width">Floats a row.</param>
    /// <param name="context">Rows a sequence.</param>
    /// <exception cref="ArgumentOutOfRangeException">a token is outside the table; y is untouched.</exception>
    public static void Forward(ReadOnlySpan<int> tokens, ReadOnlySpan<float> table, ReadOnlySpan<float> positions, Span<float> y, int width, int context)
    {
        Check(tokens, table.Length, positions.Length, y.Length, width, context);
        fixed (int* pTokens = tokens)
        fixed (float* pTable = table, pPositions = positions, py = y)
        {
            ForwardPieces work = new()
            {
                Tokens = pTokens,
                Table = pTable,
                Positions = positions.IsEmpty ? null : pPositions,
                Y = py,
                Rows = tokens.Length,
                Width = width,
                Context = context,
            };
            ComputeEngine.ForEachPiece(RowBlocks.Count(tokens.Length), ref work);
        }
    }

    /// <summary>Adds each row's gradient to its token's (and its position's), rows in ascending order.</summary>
    /// <param name="tokens">rows.</param>
    /// <param name="outputGradient">rows × width.</param>
    /// <param name="tableGradient">vocabulary × width; added to.</param>
    /// <param name="positionGradient">At least context × width, or empty; added to.</param>
    /// <param name="width">Floats a row.</param>
    /// <param name="context">Rows a sequence.</param>
    public static void Backward(
        ReadOnlySpan<int> tokens, ReadOnlySpan<float> outputGradient, Span<float> tableGradient, Span<float> positionGradient, int width, int context)
    {
        Check(tokens, tableGradient.Length, positionGradient.Length, outputGradient.Length, width, context);
        fixed (int* pTokens = tokens)
        fixed (float* pdy = outputGradient, pTable = tableGradient, pPositions = positionGradient)
        {
            BackwardPieces work = new()
            {
                Tokens = pTokens,
                OutputGradient = pdy,
                Table = pTable,
                Positions = positionGradient.IsEmpty ? null : pPositions,
                Rows = tokens.Length,
                Width = width,
                Context = context,
            };
            ComputeEngine.ForEachPiece((width + BackwardPieces.Columns - 1) / BackwardPieces.Columns, ref work);
        }
    }

    private static void Check(ReadOnlySpan<int> tokens, int table, int positions, int rows, int width, int context)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(context, 1);
        if (table % width != 0 || rows != (long)tokens.Length * width || (positions != 0 && positions < (long)context * width))
        {
            throw new ArgumentException($"{tokens.Length} tokens, rows of {width}, table {table}, positions {positions}: the shapes do not fit");
        }

        int vocabulary = table / width;
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)vocabulary)
            {
                throw new ArgumentOutOfRangeException(nameof(tokens), token, $"a token must be in [0, {vocabulary})");
            }
        }
    }

    private struct ForwardPieces : IPieces
    {
        internal int* Tokens;
        internal float* Table, Positions, Y;
        internal int Rows, Width, Context;

        public readonly void Run(int piece)
        {
            int end = RowBlocks.End(piece, Rows);
            for (int row = piece * RowBlocks.Rows; row < end; row++)
            {
                Span<float> y = new(Y + ((nint)row * Width), Width);
                new ReadOnlySpan<float>(Table + ((nint)Tokens[row] * Width), Width).CopyTo(y);
                if (Positions is not null)
                {
                    VectorSum.AddInto(y, new ReadOnlySpan<float>(Positions + ((nint)(row % Context) * Width), Width));
                }
            }
        }
    }

    private struct BackwardPieces : IPieces
    {
        // Columns and not rows are shared out: two rows may add to the same token.
        internal const int Columns = 64;
        internal int* Tokens;
        internal float* OutputGradient, Table, Positions;
        internal int Rows, Width, Context;

        public readonly void Run(int piece)
        {
            int first = piece * Columns;
            int count = Math.Min(Columns, Width - first);
            for (int row = 0; row < Rows; row++)
            {
                ReadOnlySpan<float> gradient = new(OutputGradient + ((nint)row * Width) + first, count);
                VectorSum.AddInto(new Span<float>(Table + ((nint)Tokens[row] * Width) + first, count), gradient);
                if (Positions is not null)
                {
                    VectorSum.AddInto(new Span<float>(Positions + ((nint)(row % Context) * Width) + first, count), gradient);
                }
            }
        }
    }
}
