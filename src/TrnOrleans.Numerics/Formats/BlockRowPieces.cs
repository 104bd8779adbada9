using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Formats;

/// <summary>Blocks along the rows: some whole rows a piece.</summary>
internal unsafe struct BlockRowPieces<TElement> : IPieces
    where TElement : struct, IBlockElement
{
    internal BlockMatrix Blocks;
    internal int RowsPerPiece;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int piece)
    {
        int first = piece * RowsPerPiece;
        int end = Math.Min(Blocks.Rows, first + RowsPerPiece);
        uint* draws = stackalloc uint[BlockFormat.ContractionTile];
        for (int row = first; row < end; row++)
        {
            int column = 0;
            if (Blocks.Block == BlockFormat.StandardBlock && TElement.Rounding != Rounding.Stochastic)
            {
                for (; column + BlockFormat.StandardBlock <= Blocks.Width; column += BlockFormat.StandardBlock)
                {
                    RoundStandard(((nint)row * Blocks.Width) + column);
                }
            }

            for (; column < Blocks.Width; column += Blocks.Block)
            {
                Round(row, column, Math.Min(Blocks.Block, Blocks.Width - column), draws);
            }
        }
    }

    /// <summary>A whole block of 32, which stays in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void RoundStandard(nint start)
    {
        Vector512<float> left = Vector512.Load(Blocks.X + start);
        Vector512<float> right = Vector512.Load(Blocks.X + start + Lanes.Width);
        Vector512<int> leftMagnitude = FormatLanes.Magnitude(left);
        Vector512<int> rightMagnitude = FormatLanes.Magnitude(right);
        int largest = FormatLanes.Highest(Vector512.Max(leftMagnitude, rightMagnitude));
        int field = largest >> 23;
        if (field is < BlockMatrix.LeastExponent or > BlockMatrix.MostExponent && largest != 0)
        {
            Blocks.OneByOne(start, 1, BlockFormat.StandardBlock, TElement.Rounding, null, 1);
            return;
        }

        int scale = Math.Max(field, BlockMatrix.LeastExponent) - Blocks.Below;
        Vector512<int> minExponent = Vector512.Create((scale + Blocks.MinOffset) << 23);
        Vector512<float> max = Vector512.Create(((scale + Blocks.MaxOffset) << 23) | Blocks.MaxMantissa).AsSingle();
        Vector512<float> sign = Vector512.Create(-0f);
        (Vector512.Min(TElement.Round(leftMagnitude, minExponent, Blocks.Element, default), max) | (left & sign)).Store(Blocks.Y + start);
        (Vector512.Min(TElement.Round(rightMagnitude, minExponent, Blocks.Element, default), max) | (right & sign)).Store(Blocks.Y + start + Lanes.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Round(int row, int column, int count, uint* draws)
    {
        nint start = ((nint)row * Blocks.Width) + column;
        float* x = Blocks.X + start;
        float* y = Blocks.Y + start;
        Vector512<int> largest = Vector512<int>.Zero;
        for (int i = 0; i < count; i += Lanes.Width)
        {
            largest = Vector512.Max(largest, FormatLanes.Magnitude(Lanes.Load(x + i, count - i)));
        }

        if (TElement.Rounding == Rounding.Stochastic)
        {
            Draw(row, column, count, draws);
        }

        // As integers magnitudes are in the order of their values, and NaN is the largest.
        int field = FormatLanes.Highest(largest) >> 23;
        if (field is < BlockMatrix.LeastExponent or > BlockMatrix.MostExponent && FormatLanes.Highest(largest) != 0)
        {
            Blocks.OneByOne(start, 1, count, TElement.Rounding, draws, 1);
            return;
        }

        int scale = Math.Max(field, BlockMatrix.LeastExponent) - Blocks.Below;
        Vector512<int> minExponent = Vector512.Create((scale + Blocks.MinOffset) << 23);
        Vector512<float> max = Vector512.Create(((scale + Blocks.MaxOffset) << 23) | Blocks.MaxMantissa).AsSingle();
        for (int i = 0; i < count; i += Lanes.Width)
        {
            Vector512<float> value = Lanes.Load(x + i, count - i);
            Vector512<uint> draw = TElement.Rounding == Rounding.Stochastic ? Vector512.Load(draws + i) : default;
            Vector512<float> rounded = Vector512.Min(TElement.Round(FormatLanes.Magnitude(value), minExponent, Blocks.Element, draw), max);
            Lanes.Store(rounded | (value & Vector512.Create(-0f)), y + i, count - i);
        }
    }

    private readonly void Draw(int row, int column, int count, uint* draws)
    {
        for (int i = 0; i < count;)
        {
            (Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d) = PhiloxLanes.Words(Blocks.Random, Blocks.RandomBlock(row, column + i));
            for (int word = (column + i) / Lanes.Width % 4; word < 4 && i < count; word++, i += Lanes.Width)
            {
                Vector512.Store(word switch { 0 => a, 1 => b, 2 => c, _ => d }, draws + i);
            }
        }
    }
}
