using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrnOrleans.Numerics.Formats;

/// <summary>Sixteen floats to sixteen numbers of a format at once.</summary>
/// <remarks>
/// A narrow format's nearest even is two additions: added to a power of two whose last bit is the format's step, a float is rounded to that step
/// by the processor itself, ties to even. Everything is exact but that one rounding, so that every machine gives the same bits.
/// </remarks>
internal static class FormatLanes
{
    private const int MagnitudeMask = 0x7FFFFFFF;
    private const int ExponentMask = 0x7F800000;
    private const int FloatMantissa = 23;
    private const int TwiceBias = 254 << FloatMantissa;

    internal static Vector512<int> Magnitude(Vector512<float> x) => x.AsInt32() & Vector512.Create(MagnitudeMask);

    /// <summary>The largest lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Highest(Vector512<int> value)
    {
        Vector256<int> eight = Vector256.Max(value.GetLower(), value.GetUpper());
        Vector128<int> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        Vector128<int> two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 2, 3)));
        return Math.Max(two.GetElement(0), two.GetElement(1));
    }

    /// <summary>Exponent of each lane's step before it is divided by 2^MantissaBits, as the exponent bits of a float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<int> StepExponent(Vector512<int> magnitude, Vector512<int> minExponent) =>
        Vector512.Max(magnitude & Vector512.Create(ExponentMask), minExponent);

    /// <summary>|x| to the nearest multiple of its step; exact up to 2^(127 − 23 + mantissa bits).</summary>
    /// <param name="magnitude">Bits of |x|.</param>
    /// <param name="minExponent">Exponent bits of the smallest normal number.</param>
    /// <param name="shift">(23 − mantissa bits) in the exponent's place.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Nearest(Vector512<int> magnitude, Vector512<int> minExponent, Vector512<int> shift)
    {
        Vector512<float> anchor = (StepExponent(magnitude, minExponent) + shift).AsSingle();
        return (magnitude.AsSingle() + anchor) - anchor;
    }

    /// <summary>|x| to a multiple of its step below or above.</summary>
    /// <param name="magnitude">Bits of |x|.</param>
    /// <param name="minExponent">Exponent bits of the smallest normal number.</param>
    /// <param name="mantissa">Mantissa bits in the exponent's place.</param>
    /// <param name="draw">32 random bits a lane, of which 24 are used.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Stochastic(Vector512<int> magnitude, Vector512<int> minExponent, Vector512<int> mantissa, Vector512<uint> draw)
    {
        Vector512<int> exponent = StepExponent(magnitude, minExponent) - mantissa;
        Vector512<float> steps = magnitude.AsSingle() * (Vector512.Create(TwiceBias) - exponent).AsSingle();
        Vector512<float> whole = Vector512.Floor(steps);
        Vector512<float> uniform = Vector512.ConvertToSingle((draw >> 8).AsInt32()) * Vector512.Create(1f / (1 << 24));
        Vector512<float> up = Vector512.ConditionalSelect(Vector512.LessThan(uniform, steps - whole), Vector512<float>.One, Vector512<float>.Zero);
        return (whole + up) * exponent.AsSingle();
    }

    /// <summary>|x| to the multiple of its step below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> TowardZero(Vector512<int> magnitude, Vector512<int> minExponent, Vector512<int> mantissa)
    {
        Vector512<int> exponent = StepExponent(magnitude, minExponent) - mantissa;
        return Vector512.Floor(magnitude.AsSingle() * (Vector512.Create(TwiceBias) - exponent).AsSingle()) * exponent.AsSingle();
    }

    /// <summary>Signs back, and what lies beyond the largest number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Finish(Vector512<float> x, Vector512<float> magnitude, Vector512<float> max, Vector512<float> beyond, Vector512<float> notANumber)
    {
        Vector512<float> inside = Vector512.ConditionalSelect(Vector512.GreaterThan(magnitude, max), beyond, magnitude);
        Vector512<float> signed = inside | (x & Vector512.Create(-0f));
        return Vector512.ConditionalSelect(Vector512.Equals(x, x), signed, notANumber);
    }
}

/// <summary>The constants of a format in all lanes, and its rounding.</summary>
internal readonly struct FormatConstants
{
    internal readonly Vector512<int> MinExponent, Shift, Mantissa, Limit, DropMask, DropHalf;
    internal readonly Vector512<float> Max, Beyond, NotANumber;
    internal readonly int Drop;

    /// <param name="format">Which numbers there are.</param>
    /// <param name="saturate">Whether what lies beyond the largest becomes the largest.</param>
    /// <param name="scale">They are multiplied by 2^scale; of a format that is not wide.</param>
    internal FormatConstants(NumberFormat format, bool saturate, int scale = 0)
    {
        float factor = (float)Math.ScaleB(1, scale);
        Drop = 23 - format.MantissaBits;
        MinExponent = Vector512.Create((format.MinExponent + scale + 127) << 23);
        Shift = Vector512.Create(Drop << 23);
        Mantissa = Vector512.Create(format.MantissaBits << 23);

        // Beyond all numbers of a narrow format, and so that its step is a float.
        Limit = Vector512.Create(format.IsWide ? 0x7F800000 : (format.MaxExponent + scale + 1 + 127) << 23);
        DropMask = Vector512.Create((1 << Drop) - 1);
        DropHalf = Vector512.Create(Drop == 0 ? 0 : (1 << (Drop - 1)) - 1);
        Max = Vector512.Create(format.Max * factor);
        Beyond = Vector512.Create(saturate ? format.Max * factor : format.Overflow);
        NotANumber = Vector512.Create(format.Specials == SpecialCodes.None ? format.Max : NumberFormat.PositiveNan);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector512<float> NarrowNearest(Vector512<float> x) =>
        Finish(x, FormatLanes.Nearest(Vector512.Min(FormatLanes.Magnitude(x), Limit), MinExponent, Shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector512<float> NarrowTowardZero(Vector512<float> x) =>
        Finish(x, FormatLanes.TowardZero(Vector512.Min(FormatLanes.Magnitude(x), Limit), MinExponent, Mantissa));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector512<float> NarrowStochastic(Vector512<float> x, Vector512<uint> draw) =>
        Finish(x, FormatLanes.Stochastic(Vector512.Min(FormatLanes.Magnitude(x), Limit), MinExponent, Mantissa, draw));

    /// <summary>A wide format has a float's exponents: rounding is an addition to the mantissa, whose carry may go up to Inf.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector512<float> WideNearest(Vector512<float> x)
    {
        Vector512<int> magnitude = FormatLanes.Magnitude(x);
        Vector512<int> last = Vector512.ShiftRightLogical(magnitude, Drop) & Vector512<int>.One;
        return Finish(x, Vector512.AndNot(magnitude + DropHalf + last, DropMask).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector512<float> WideTowardZero(Vector512<float> x) => Finish(x, Vector512.AndNot(FormatLanes.Magnitude(x), DropMask).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector512<float> WideStochastic(Vector512<float> x, Vector512<uint> draw) =>
        Finish(x, Vector512.AndNot(FormatLanes.Magnitude(x) + (draw.AsInt32() & DropMask), DropMask).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> Finish(Vector512<float> x, Vector512<float> magnitude) => FormatLanes.Finish(x, magnitude, Max, Beyond, NotANumber);
}
