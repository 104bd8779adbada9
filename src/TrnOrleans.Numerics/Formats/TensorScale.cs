using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Formats;

/// <summary>
/// A whole tensor with one scale, a power of two by its largest magnitude, so that the format's numbers lie where the tensor's do: FP8 with
/// scales per tensor, as Transformer Engine has it, computed anew each time. Bound by memory: it is read twice and written once.
/// </summary>
public static unsafe class TensorScale
{
    // All steps of a format at that scale stay normal floats.
    private const int LeastExponent = -96;

    /// <summary>The largest magnitude; NaN where there is one.</summary>
    public static float Largest(ReadOnlySpan<float> x)
    {
        int pieces = ElementBlocks.Count(x.Length);
        float* partials = ThreadScratch.Rent(ThreadScratch.Slot.Partials, Math.Max(pieces, 1));
        fixed (float* px = x)
        {
            Pieces work = new() { X = px, Partials = partials, Length = x.Length };
            ComputeEngine.ForEachPiece(pieces, ref work);
        }

        int largest = 0;
        for (int piece = 0; piece < pieces; piece++)
        {
            // As integers magnitudes are in the order of their values, and NaN is the largest.
            largest = Math.Max(largest, BitConverter.SingleToInt32Bits(partials[piece]));
        }

        return BitConverter.Int32BitsToSingle(largest);
    }

    /// <summary>y[i] = x[i] as a number of the format at the tensor's scale: the largest lies in the format's largest binade but one, so that none saturates; what lies beyond 2^105 does.</summary>
    /// <remarks>A tensor that holds NaN or Inf has no scale: it is rounded as it is.</remarks>
    /// <inheritdoc cref="FormatRounding.Round"/>
    public static void Round(
        ReadOnlySpan<float> x, Span<float> y, NumberFormat format, Rounding rounding = Rounding.Nearest, CounterRandom random = default, ulong firstIndex = 0)
    {
        float largest = Largest(x);
        FormatRounding.Round(x, y, format, rounding, saturate: float.IsFinite(largest), random, firstIndex, Exponent(largest, format));
    }

    /// <summary>Exponent of the scale of a tensor with this largest magnitude; 0 where there is none.</summary>
    internal static int Exponent(float largest, NumberFormat format) =>
        float.IsFinite(largest) && largest > 0 ? Math.Clamp(Math.ILogB(largest) - (format.MaxExponent - 1), LeastExponent, MostExponent(format)) : 0;

    /// <summary>So that a number beyond the largest, and the power of two that it is rounded with, are floats.</summary>
    private static int MostExponent(NumberFormat format) => 254 - 127 - (23 - format.MantissaBits) - (format.MaxExponent + 1);

    private struct Pieces : IPieces
    {
        internal float* X;
        internal float* Partials;
        internal long Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            float* x = X + ((nint)piece * ElementBlocks.Length);
            int length = ElementBlocks.LengthOf(piece, Length);
            Vector512<int> largest = Vector512<int>.Zero;
            for (int i = 0; i < length; i += Lanes.Width)
            {
                largest = Vector512.Max(largest, FormatLanes.Magnitude(Lanes.Load(x + i, length - i)));
            }

            Partials[piece] = BitConverter.Int32BitsToSingle(FormatLanes.Highest(largest));
        }
    }
}
