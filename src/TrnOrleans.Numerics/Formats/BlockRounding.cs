using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Formats;

/// <summary>
/// Matrices to numbers of an MX format, kept as floats: quantised and dequantised in one pass. Blocks lie along the rows or down the columns,
/// whichever a product contracts. Bound by memory, and down the columns by the cache.
/// </summary>
/// <remarks>
/// The scale is a power of two, so that an element's step at its scale is a step of the scaled number: nothing is divided, and each number is
/// rounded once. Blocks whose exponents come near a float's ends go through <see cref="FormatCode"/>, one by one.
/// </remarks>
public static unsafe class BlockRounding
{
    // Exponent fields from here to there: scales, steps and anchors of all elements stay normal floats.
    private const int LeastExponent = 64;
    private const int MostExponent = 190;

    // Columns that are rounded side by side: of 32 rows 64 KiB, which the second-level cache holds.
    private const int Strip = 32 * Lanes.Width;

    /// <summary>y = x with blocks along each row.</summary>
    /// <param name="x">rows × width, row-major.</param>
    /// <param name="y">rows × width; may be x.</param>
    /// <param name="width">Of a row.</param>
    /// <param name="format">Of y.</param>
    /// <param name="rounding">How elements are rounded.</param>
    /// <param name="random">Seed, tensor and step of stochastic rounding.</param>
    /// <param name="firstRow">Index of the first row in the tensor, of stochastic rounding.</param>
    /// <exception cref="ArgumentException">a span is not of the stated shape, or the block is no size that there is.</exception>
    public static void Rows(
        ReadOnlySpan<float> x, Span<float> y, int width, BlockFormat format, Rounding rounding = Rounding.Nearest, CounterRandom random = default, long firstRow = 0) =>
        Run(x, y, width, format, rounding, random, firstRow, down: false);

    /// <summary>y = x with blocks down each column, of rows 0 … Block − 1, and so on.</summary>
    /// <inheritdoc cref="Rows"/>
    public static void Columns(
        ReadOnlySpan<float> x, Span<float> y, int width, BlockFormat format, Rounding rounding = Rounding.Nearest, CounterRandom random = default, long firstRow = 0) =>
        Run(x, y, width, format, rounding, random, firstRow, down: true);

    private static void Run(
        ReadOnlySpan<float> x, Span<float> y, int width, BlockFormat format, Rounding rounding, CounterRandom random, long firstRow, bool down)
    {
        int rows = Shape.Rows(x, width, nameof(x));
        Shape.Check<float>(y, x.Length, nameof(y));
        if (!BlockFormat.IsBlock(format.Block) || format.Element.Bits > 8)
        {
            throw new ArgumentException($"blocks have 16, 32, 64 or 128 elements of a format of at most 8 bits, not {format.Block} of {format.Element}.", nameof(format));
        }

        fixed (float* px = x, py = y)
        {
            Blocks blocks = new(px, py, rows, width, format, random, firstRow);
            switch (rounding)
            {
                case Rounding.Nearest:
                    Run<NearestElement>(blocks, down);
                    break;
                case Rounding.Stochastic:
                    Run<StochasticElement>(blocks, down);
                    break;
                default:
                    Run<TowardZeroElement>(blocks, down);
                    break;
            }
        }
    }

    private static void Run<TElement>(in Blocks blocks, bool down)
        where TElement : struct, IElement
    {
        if (down)
        {
            ColumnPieces<TElement> work = new() { Blocks = blocks };
            ComputeEngine.ForEachPiece(blocks.BlockRows, ref work, blocks.WorthHelp);
        }
        else
        {
            RowPieces<TElement> work = new() { Blocks = blocks, RowsPerPiece = Math.Max(1, ElementBlocks.Length / blocks.Width) };
            ComputeEngine.ForEachPiece((blocks.Rows + work.RowsPerPiece - 1) / work.RowsPerPiece, ref work, blocks.WorthHelp);
        }
    }

    /// <summary>Rounds magnitudes, at most the limit, to steps that lie so far above a float's.</summary>
    private interface IElement
    {
        static abstract Rounding Rounding { get; }

        static abstract Vector512<float> Round(Vector512<int> magnitude, Vector512<int> minExponent, in ElementConstants element, Vector512<uint> draw);
    }

    private readonly struct ElementConstants(NumberFormat element)
    {
        internal readonly Vector512<int> Shift = Vector512.Create((23 - element.MantissaBits) << 23);
        internal readonly Vector512<int> Mantissa = Vector512.Create(element.MantissaBits << 23);
    }

    private readonly struct NearestElement : IElement
    {
        public static Rounding Rounding => Rounding.Nearest;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Round(Vector512<int> magnitude, Vector512<int> minExponent, in ElementConstants element, Vector512<uint> draw) =>
            FormatLanes.Nearest(magnitude, minExponent, element.Shift);
    }

    private readonly struct StochasticElement : IElement
    {
        public static Rounding Rounding => Rounding.Stochastic;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Round(Vector512<int> magnitude, Vector512<int> minExponent, in ElementConstants element, Vector512<uint> draw) =>
            FormatLanes.Stochastic(magnitude, minExponent, element.Mantissa, draw);
    }

    private readonly struct TowardZeroElement : IElement
    {
        public static Rounding Rounding => Rounding.TowardZero;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Round(Vector512<int> magnitude, Vector512<int> minExponent, in ElementConstants element, Vector512<uint> draw) =>
            FormatLanes.TowardZero(magnitude, minExponent, element.Mantissa);
    }

    /// <summary>A matrix and its format.</summary>
    private readonly struct Blocks
    {
        internal readonly float* X, Y;
        internal readonly int Rows, Width, Block, Below, MinOffset, MaxOffset, MaxMantissa;
        internal readonly ElementConstants Element;
        internal readonly BlockFormat Format;
        internal readonly CounterRandom Random;
        internal readonly long FirstRow;

        internal Blocks(float* x, float* y, int rows, int width, BlockFormat format, CounterRandom random, long firstRow)
        {
            X = x;
            Y = y;
            (Rows, Width, Block, Format, Random, FirstRow) = (rows, width, format.Block, format, random, firstRow);
            Below = format.Below;

            // Added to the scale's exponent: that of the smallest normal number, and of the largest.
            MinOffset = format.Element.MinExponent;
            MaxOffset = format.Element.MaxExponent;
            MaxMantissa = BitConverter.SingleToInt32Bits(format.Element.Max) & 0x7FFFFF;
            Element = new ElementConstants(format.Element);
        }

        internal bool WorthHelp => (long)Rows * Width >= 1 << 14;

        internal int BlockRows => (Rows + Block - 1) / Block;

        /// <summary>Random words of four neighbours: rows are padded to whole vectors.</summary>
        internal ulong RandomBlock(long row, int column) =>
            (((ulong)(FirstRow + row) * (ulong)((Width + 63) / 64 * 64)) + (ulong)column) / 64 * 16;

        /// <summary>Four rows share a block: word w is of row 4 · r + w.</summary>
        internal ulong RandomBlockDown(long row, int column) =>
            ((ulong)(FirstRow + row) / 4 * (ulong)((Width + 15) / 16 * 16)) + (ulong)column;

        /// <summary>A block with exponents near a float's ends, with NaN or with Inf.</summary>
        [MethodImpl(MethodImplOptions.NoInlining)]
        internal void OneByOne(nint start, nint stride, int count, Rounding rounding, uint* draws, nint drawStride)
        {
            float largest = 0;
            bool isFinite = true;
            for (int i = 0; i < count; i++)
            {
                float magnitude = MathF.Abs(X[start + (i * stride)]);
                isFinite &= float.IsFinite(magnitude);
                largest = MathF.Max(largest, magnitude);
            }

            int exponent = isFinite ? Format.ScaleExponent(largest) : 0;
            for (int i = 0; i < count; i++)
            {
                double draw = rounding == Rounding.Stochastic ? (draws[i * drawStride] >> 8) * (1.0 / (1 << 24)) : 0;
                double scaled = Math.ScaleB(X[start + (i * stride)], -exponent);
                Y[start + (i * stride)] = isFinite ? (float)Math.ScaleB(FormatCode.Round(scaled, Format.Element, rounding, draw: draw), exponent) : float.NaN;
            }
        }
    }

    private struct RowPieces<TElement> : IPieces
        where TElement : struct, IElement
    {
        internal Blocks Blocks;
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
            if (field is < LeastExponent or > MostExponent && largest != 0)
            {
                Blocks.OneByOne(start, 1, BlockFormat.StandardBlock, TElement.Rounding, null, 1);
                return;
            }

            int scale = Math.Max(field, LeastExponent) - Blocks.Below;
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
            if (field is < LeastExponent or > MostExponent && FormatLanes.Highest(largest) != 0)
            {
                Blocks.OneByOne(start, 1, count, TElement.Rounding, draws, 1);
                return;
            }

            int scale = Math.Max(field, LeastExponent) - Blocks.Below;
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

    private struct ColumnPieces<TElement> : IPieces
        where TElement : struct, IElement
    {
        internal Blocks Blocks;

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
            ElementConstants element = Blocks.Element;
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
            Vector512<int> outside = Vector512.LessThan(field, Vector512.Create(LeastExponent)) | Vector512.GreaterThan(field, Vector512.Create(MostExponent));
            return Vector512.AndNot(outside, Vector512.Equals(largest, Vector512<int>.Zero)) != Vector512<int>.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly Vector512<int> Scale(Vector512<int> largest) =>
            Vector512.Max(Vector512.ShiftRightLogical(largest, 23), Vector512.Create(LeastExponent)) - Vector512.Create(Blocks.Below);

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
}
