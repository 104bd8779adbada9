using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Formats;

/// <summary>Blocks down the columns: one row of blocks a piece.</summary>
internal unsafe struct BlockColumnPieces<TElement> : IPieces
    where TElement : struct, IBlockElement
{
    // Columns that are rounded side by side: of 32 rows 64 KiB, which the second-level cache holds.
    private const int Strip = 32 * Lanes.Width;

    internal BlockMatrix Blocks;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    public readonly void Run(int piece)
    {
        int first = piece * Blocks.Block;
        int count = Math.Min(Blocks.Block, Blocks.Rows - first);
        uint* draws = stackalloc uint[BlockFormat.ContractionTile * Lanes.Width];
        int column = 0;
        if (TElement.Rounding != Rounding.Stochastic)
        {
            int whole = Blocks.Width / Lanes.Width * Lanes.Width;
            Vector512<int>* scales = stackalloc Vector512<int>[2 * Strip / Lanes.Width];
            for (; column < whole; column += Strip)
            {
                RoundStrip(first, count, column, Math.Min(Strip, whole - column), scales, scales + (Strip / Lanes.Width), draws);
            }

            column = whole;
        }

        for (; column < Blocks.Width; column += Lanes.Width)
        {
            Round(first, count, column, draws);
        }
    }

    /// <summary>Whole rows of a strip, twice: their runs are long enough to be read ahead, and the second time they are in the cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void RoundStrip(int first, int count, int column, int columns, Vector512<int>* largest, Vector512<int>* minExponents, uint* draws)
    {
        nint width = Blocks.Width;
        nint start = (first * width) + column;
        float* x = Blocks.X + start;
        for (int c = 0; c < columns; c += Lanes.Width)
        {
            largest[c / Lanes.Width] = FormatLanes.Magnitude(Vector512.Load(x + c));
        }

        for (int i = 1; i < count; i++)
        {
            x += width;
            for (int c = 0; c < columns; c += Lanes.Width)
            {
                largest[c / Lanes.Width] = Vector512.Max(largest[c / Lanes.Width], FormatLanes.Magnitude(Vector512.Load(x + c)));
            }
        }

        bool isOutside = false;
        for (int c = 0; c < columns / Lanes.Width; c++)
        {
            isOutside |= IsOutside(largest[c]);
        }

        if (isOutside)
        {
            for (int c = 0; c < columns; c += Lanes.Width)
            {
                Round(first, count, column + c, draws);
            }

            return;
        }

        // Once for all rows; the largest number of a block takes the place of its largest magnitude.
        for (int c = 0; c < columns / Lanes.Width; c++)
        {
            minExponents[c] = MinExponent(largest[c]);
            largest[c] = Largest(largest[c]).AsInt32();
        }

        x = Blocks.X + start;
        float* y = Blocks.Y + start;
        BlockElementConstants element = Blocks.Element;
        for (int i = 0; i < count; i++, x += width, y += width)
        {
            for (int c = 0; c < columns; c += Lanes.Width)
            {
                Vector512<float> value = Vector512.Load(x + c);
                Vector512<float> rounded = Vector512.Min(
                    TElement.Round(FormatLanes.Magnitude(value), minExponents[c / Lanes.Width], element, default), largest[c / Lanes.Width].AsSingle());
                (rounded | (value & Vector512.Create(-0f))).Store(y + c);
            }
        }
    }

    /// <summary>Whether a block has exponents near a float's ends, and is no block of zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOutside(Vector512<int> largest)
    {
        Vector512<int> field = Vector512.ShiftRightLogical(largest, 23);
        Vector512<int> outside = Vector512.LessThan(field, Vector512.Create(BlockMatrix.LeastExponent)) | Vector512.GreaterThan(field, Vector512.Create(BlockMatrix.MostExponent));
        return Vector512.AndNot(outside, Vector512.Equals(largest, Vector512<int>.Zero)) != Vector512<int>.Zero;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector512<int> Scale(Vector512<int> largest) =>
        Vector512.Max(Vector512.ShiftRightLogical(largest, 23), Vector512.Create(BlockMatrix.LeastExponent)) - Vector512.Create(Blocks.Below);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector512<int> MinExponent(Vector512<int> largest) => Vector512.ShiftLeft(Scale(largest) + Vector512.Create(Blocks.MinOffset), 23);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Vector512<float> Largest(Vector512<int> largest) =>
        (Vector512.ShiftLeft(Scale(largest) + Vector512.Create(Blocks.MaxOffset), 23) | Vector512.Create(Blocks.MaxMantissa)).AsSingle();

    /// <summary>Sixteen columns: each lane has a block, and a scale, of its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Round(int first, int count, int column, uint* draws)
    {
        nint width = Blocks.Width;
        int left = Blocks.Width - column;
        nint start = (first * width) + column;
        float* x = Blocks.X + start;
        float* y = Blocks.Y + start;
        Vector512<int> largest = Vector512<int>.Zero;
        for (int i = 0; i < count; i++)
        {
            largest = Vector512.Max(largest, FormatLanes.Magnitude(Lanes.Load(x + (i * width), left)));
        }

        if (TElement.Rounding == Rounding.Stochastic)
        {
            Draw(first, count, column, draws);
        }

        if (IsOutside(largest))
        {
            for (int lane = 0; lane < Math.Min(left, Lanes.Width); lane++)
            {
                Blocks.OneByOne(start + lane, width, count, TElement.Rounding, draws + lane, Lanes.Width);
            }

            return;
        }

        Vector512<int> minExponent = MinExponent(largest);
        Vector512<float> max = Largest(largest);
        for (int i = 0; i < count; i++)
        {
            Vector512<float> value = Lanes.Load(x + (i * width), left);
            Vector512<uint> draw = TElement.Rounding == Rounding.Stochastic ? Vector512.Load(draws + (i * Lanes.Width)) : default;
            Vector512<float> rounded = Vector512.Min(TElement.Round(FormatLanes.Magnitude(value), minExponent, Blocks.Element, draw), max);
            Lanes.Store(rounded | (value & Vector512.Create(-0f)), y + (i * width), left);
        }
    }

    private readonly void Draw(int first, int count, int column, uint* draws)
    {
        for (int i = 0; i < count;)
        {
            (Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d) = PhiloxLanes.Words(Blocks.Random, Blocks.RandomBlockDown(first + i, column));
            for (int word = (int)((Blocks.FirstRow + first + i) % 4); word < 4 && i < count; word++, i++)
            {
                Vector512.Store(word switch { 0 => a, 1 => b, 2 => c, _ => d }, draws + (i * Lanes.Width));
            }
        }
    }
}
