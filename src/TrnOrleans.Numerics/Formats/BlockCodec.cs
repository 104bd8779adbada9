using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
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
        format.Check(nameof(format));
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

            int top = FormatLanes.Highest(largest);
            int field = top >> 23;
            if (field == 255)
            {
                // The scale says it; elements are what NaN is in their format.
                new Span<byte>(codes, count).Fill((byte)FormatCode.Encode(double.NaN, Format.Element));
                return E8M0.Nan;
            }

            if (field is < BlockMatrix.LeastExponent or > BlockMatrix.MostExponent)
            {
                int outside = Format.ScaleExponent(BitConverter.Int32BitsToSingle(top));
                for (int i = 0; i < count; i++)
                {
                    codes[i] = (byte)FormatCode.Encode(Math.ScaleB(x[i], -outside), Format.Element);
                }

                return E8M0.Encode(outside);
            }

            // What the multiplication flushes lies far below half an element's smallest step.
            int done = 0;
            int exponent = field - 127 - Format.Below;
            Vector512<float> inverse = Vector512.Create(BitConverter.Int32BitsToSingle((127 - exponent) << 23));
            if (Avx512F.IsSupported)
            {
                for (; done + Lanes.Width <= count; done += Lanes.Width)
                {
                    FormatCodec.StoreWhole(Constants.Encode(Vector512.Load(x + done) * inverse), codes + done);
                }
            }

            for (; done < count; done += Lanes.Width)
            {
                FormatCodec.StoreOneByOne(Constants.Encode(Lanes.Load(x + done, count - done) * inverse), codes + done, Math.Min(Lanes.Width, count - done));
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

                    // A power of two times a few bits: exact, down to subnormal floats.
                    int i = 0;
                    if (Avx512F.IsSupported)
                    {
                        for (; i + Lanes.Width <= count; i += Lanes.Width)
                        {
                            (Constants.Decode(FormatCodec.LoadWhole(Codes + start + i)) * factor).Store(X + start + i);
                        }
                    }

                    for (; i < count; i += Lanes.Width)
                    {
                        Lanes.Store(Constants.Decode(FormatCodec.LoadOneByOne(Codes + start + i, Math.Min(Lanes.Width, count - i))) * factor, X + start + i, count - i);
                    }
                }
            }
        }
    }
}
