using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Formats;

/// <summary>
/// Matrices to MX codes and back, nearest even: a byte for each element, and an <see cref="E8M0"/> scale for each block along a row. What comes
/// back has the bits of <see cref="BlockRounding.Rows"/>. Bound by memory, writing codes by arithmetic.
/// </summary>
public static unsafe class BlockCodec
{
    /// <summary>Scales of a row: the last block may be shorter.</summary>
    public static int Blocks(int width, BlockFormat format) => (width + format.Block - 1) / format.Block;

    /// <summary>Codes and scales of a matrix.</summary>
    /// <param name="x">rows × width, row-major.</param>
    /// <param name="codes">rows × width.</param>
    /// <param name="scales">rows × Blocks(width).</param>
    /// <param name="width">Of a row.</param>
    /// <param name="format">Elements of at most eight bits.</param>
    /// <exception cref="ArgumentException">a span is not of the stated shape, or the block is no size that there is.</exception>
    public static void Quantize(ReadOnlySpan<float> x, Span<byte> codes, Span<byte> scales, int width, BlockFormat format)
    {
        int rows = Check(x.Length, codes, scales, width, format);
        fixed (float* px = x)
        fixed (byte* pc = codes, ps = scales)
        {
            QuantizePieces work = new() { X = px, Codes = pc, Scales = ps, Rows = rows, Width = width, Format = format, Constants = new CodeConstants(format.Element, saturate: true) };
            ComputeEngine.ForEachPiece(RowBlocks.Count(rows), ref work);
        }
    }

    /// <summary>The matrix of codes and scales.</summary>
    /// <inheritdoc cref="Quantize"/>
    public static void Dequantize(ReadOnlySpan<byte> codes, ReadOnlySpan<byte> scales, Span<float> x, int width, BlockFormat format)
    {
        int rows = Check(x.Length, codes, scales, width, format);
        fixed (float* px = x)
        fixed (byte* pc = codes, ps = scales)
        {
            DequantizePieces work = new() { X = px, Codes = pc, Scales = ps, Rows = rows, Width = width, Format = format, Constants = new CodeConstants(format.Element, saturate: true) };
            ComputeEngine.ForEachPiece(RowBlocks.Count(rows), ref work);
        }
    }

    private static int Check(int length, ReadOnlySpan<byte> codes, ReadOnlySpan<byte> scales, int width, BlockFormat format)
    {
        if (!BlockFormat.IsBlock(format.Block) || format.Element.Bits > 8)
        {
            throw new ArgumentException($"blocks have 16, 32, 64 or 128 elements of a format of at most 8 bits, not {format.Block} of {format.Element}.", nameof(format));
        }

        int rows = Shape.Rows(codes, width, nameof(codes));
        Shape.Check(codes, length, nameof(codes));
        Shape.Check(scales, (long)rows * Blocks(width, format), nameof(scales));
        return rows;
    }

    private struct QuantizePieces : IPieces
    {
        internal float* X;
        internal byte* Codes, Scales;
        internal int Rows, Width;
        internal BlockFormat Format;
        internal CodeConstants Constants;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            for (int row = piece * RowBlocks.Rows; row < RowBlocks.End(piece, Rows); row++)
            {
                byte* scale = Scales + ((nint)row * Blocks(Width, Format));
                for (int column = 0; column < Width; column += Format.Block)
                {
                    nint start = ((nint)row * Width) + column;
                    *scale++ = Quantize(X + start, Codes + start, Math.Min(Format.Block, Width - column));
                }
            }
        }

        private readonly byte Quantize(float* x, byte* codes, int count)
        {
            Vector512<int> largest = Vector512<int>.Zero;
            for (int i = 0; i < count; i += Lanes.Width)
            {
                largest = Vector512.Max(largest, FormatLanes.Magnitude(Lanes.Load(x + i, count - i)));
            }

            float most = BitConverter.Int32BitsToSingle(FormatLanes.Highest(largest));
            if (!float.IsFinite(most))
            {
                // The scale says it; elements are what NaN is in their format.
                new Span<byte>(codes, count).Fill((byte)FormatCode.Encode(double.NaN, Format.Element));
                return E8M0.Nan;
            }

            int exponent = Format.ScaleExponent(most);
            bool isSafe = (FormatLanes.Highest(largest) >> 23) is >= BlockMatrix.LeastExponent and <= BlockMatrix.MostExponent || most == 0;
            Vector512<float> inverse = Vector512.Create(isSafe ? (float)Math.ScaleB(1, -exponent) : 0);
            for (int i = 0; i < count; i += Lanes.Width)
            {
                if (isSafe)
                {
                    // What the multiplication flushes lies far below half an element's smallest step.
                    FormatCodec.Store(Constants.Encode(Lanes.Load(x + i, count - i) * inverse), codes + i, count - i);
                    continue;
                }

                for (int j = i; j < Math.Min(count, i + Lanes.Width); j++)
                {
                    codes[j] = (byte)FormatCode.Encode(Math.ScaleB(x[j], -exponent), Format.Element);
                }
            }

            return E8M0.Encode(exponent);
        }
    }

    private struct DequantizePieces : IPieces
    {
        internal float* X;
        internal byte* Codes, Scales;
        internal int Rows, Width;
        internal BlockFormat Format;
        internal CodeConstants Constants;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            for (int row = piece * RowBlocks.Rows; row < RowBlocks.End(piece, Rows); row++)
            {
                byte* scale = Scales + ((nint)row * Blocks(Width, Format));
                for (int column = 0; column < Width; column += Format.Block)
                {
                    nint start = ((nint)row * Width) + column;
                    int count = Math.Min(Format.Block, Width - column);
                    Vector512<float> factor = Vector512.Create(E8M0.Decode(*scale++));
                    for (int i = 0; i < count; i += Lanes.Width)
                    {
                        // A power of two times a few bits: exact, down to subnormal floats.
                        Lanes.Store(Constants.Decode(FormatCodec.Load(Codes + start + i, count - i)) * factor, X + start + i, count - i);
                    }
                }
            }
        }
    }
}
