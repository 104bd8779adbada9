using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Formats;

/// <summary>
/// Floats to numbers of a format, kept as floats: what an operand is when it has gone through that format. Bound by memory; stochastic
/// rounding by Philox, some 2 × 10 multiplications for four numbers.
/// </summary>
/// <remarks>Special values as <see cref="FormatCode"/> has them. Numbers of FP32 are left as they are.</remarks>
public static unsafe class FormatRounding
{
    // Sixteen blocks of four words: element e takes word e / 16 % 4 of block 16 · (e / 64) + e % 16.
    private const int GroupLength = 4 * Lanes.Width;

    /// <summary>y[i] = x[i] rounded; y may be x.</summary>
    /// <param name="x">Any length.</param>
    /// <param name="y">As long as x.</param>
    /// <param name="format">Of y.</param>
    /// <param name="rounding">How.</param>
    /// <param name="saturate">Whether what lies beyond the largest number becomes the largest.</param>
    /// <param name="random">Seed, tensor and step of stochastic rounding.</param>
    /// <param name="firstIndex">Index of x[0] in the tensor, of stochastic rounding; a multiple of 16.</param>
    /// <exception cref="ArgumentException">lengths differ, or the index is no multiple of 16.</exception>
    public static void Round(
        ReadOnlySpan<float> x, Span<float> y, NumberFormat format, Rounding rounding = Rounding.Nearest, bool saturate = true,
        CounterRandom random = default, ulong firstIndex = 0) =>
        Round(x, y, format, rounding, saturate, random, firstIndex, scale: 0);

    /// <summary>As the public one, to numbers of the format times 2^scale: its steps move with the scale, so that each number is rounded once.</summary>
    internal static void Round(
        ReadOnlySpan<float> x, Span<float> y, NumberFormat format, Rounding rounding, bool saturate, CounterRandom random, ulong firstIndex, int scale)
    {
        Shape.Check<float>(y, x.Length, nameof(y));
        if (firstIndex % Lanes.Width != 0)
        {
            throw new ArgumentException($"element {firstIndex} is not the first of sixteen that share their random blocks.", nameof(firstIndex));
        }

        if (format.MantissaBits == NumberFormat.Fp32.MantissaBits)
        {
            if (!x.Overlaps(y))
            {
                x.CopyTo(y);
            }

            return;
        }

        switch (rounding, format.IsWide)
        {
            case (Rounding.Nearest, false):
                Run<NarrowNearest>(x, y, new FormatConstants(format, saturate, scale), random, firstIndex);
                break;
            case (Rounding.Stochastic, false):
                Run<NarrowStochastic>(x, y, new FormatConstants(format, saturate, scale), random, firstIndex);
                break;
            case (Rounding.TowardZero, false):
                Run<NarrowTowardZero>(x, y, new FormatConstants(format, saturate, scale), random, firstIndex);
                break;
            case (Rounding.Nearest, true):
                Run<WideNearest>(x, y, new FormatConstants(format, saturate, scale), random, firstIndex);
                break;
            case (Rounding.Stochastic, true):
                Run<WideStochastic>(x, y, new FormatConstants(format, saturate, scale), random, firstIndex);
                break;
            default:
                Run<WideTowardZero>(x, y, new FormatConstants(format, saturate, scale), random, firstIndex);
                break;
        }
    }

    private static void Run<TRounder>(ReadOnlySpan<float> x, Span<float> y, in FormatConstants format, CounterRandom random, ulong firstIndex)
        where TRounder : struct, IFormatRounder
    {
        fixed (float* px = x, py = y)
        {
            Pieces<TRounder> work = new() { X = px, Y = py, Length = x.Length, Format = format, Random = random, First = firstIndex };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(x.Length), ref work);
        }
    }

    private struct Pieces<TRounder> : IPieces
        where TRounder : struct, IFormatRounder
    {
        internal float* X, Y;
        internal long Length;
        internal FormatConstants Format;
        internal CounterRandom Random;
        internal ulong First;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            nint start = (nint)piece * ElementBlocks.Length;
            int length = ElementBlocks.LengthOf(piece, Length);
            float* x = X + start;
            float* y = Y + start;
            if (!TRounder.IsRandom)
            {
                for (int i = 0; i < length; i += Lanes.Width)
                {
                    Lanes.Store(TRounder.Round(Format, Lanes.Load(x + i, length - i), default), y + i, length - i);
                }

                return;
            }

            // Groups may begin within the first of them.
            ulong index = First + (ulong)start;
            for (int i = -(int)(index % GroupLength); i < length; i += GroupLength)
            {
                ulong block = (index + (ulong)(long)i) / GroupLength * Lanes.Width;
                (Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d) = PhiloxLanes.Words(Random, block);
                Store(x, y, i, length, a);
                Store(x, y, i + Lanes.Width, length, b);
                Store(x, y, i + (2 * Lanes.Width), length, c);
                Store(x, y, i + (3 * Lanes.Width), length, d);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Store(float* x, float* y, int i, int length, Vector512<uint> draw)
        {
            if (i >= 0 && i < length)
            {
                Lanes.Store(TRounder.Round(Format, Lanes.Load(x + i, length - i), draw), y + i, length - i);
            }
        }
    }
}
