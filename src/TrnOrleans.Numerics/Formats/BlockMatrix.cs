using System.Runtime.CompilerServices;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Formats;

/// <summary>A matrix that is brought into blocks, and their format.</summary>
internal readonly unsafe struct BlockMatrix
{
    // Exponent fields from here to there: scales, steps and anchors of all elements stay normal floats.
    internal const int LeastExponent = 64;
    internal const int MostExponent = 190;

    internal readonly float* X, Y;
    internal readonly int Rows, Width, Block, Below, MinOffset, MaxOffset, MaxMantissa;
    internal readonly BlockElementConstants Element;
    internal readonly BlockFormat Format;
    internal readonly CounterRandom Random;
    internal readonly long FirstRow;

    internal BlockMatrix(float* x, float* y, int rows, int width, BlockFormat format, CounterRandom random, long firstRow)
    {
        X = x;
        Y = y;
        (Rows, Width, Block, Format, Random, FirstRow) = (rows, width, format.Block, format, random, firstRow);
        Below = format.Below;

        // Added to the scale's exponent: that of the smallest normal number, and of the largest.
        MinOffset = format.Element.MinExponent;
        MaxOffset = format.Element.MaxExponent;
        MaxMantissa = BitConverter.SingleToInt32Bits(format.Element.Max) & 0x7FFFFF;
        Element = new BlockElementConstants(format.Element);
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
            Y[start + (i * stride)] = isFinite ? (float)Math.ScaleB(FormatCode.Round(scaled, Format.Element, rounding, draw: draw), exponent) : NumberFormat.PositiveNan;
        }
    }
}
