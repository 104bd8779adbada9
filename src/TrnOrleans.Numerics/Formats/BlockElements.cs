using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrnOrleans.Numerics.Formats;

/// <summary>Rounds magnitudes, at most the limit, to steps that lie so far above a float's.</summary>
internal interface IBlockElement
{
    static abstract Rounding Rounding { get; }

    static abstract Vector512<float> Round(Vector512<int> magnitude, Vector512<int> minExponent, in BlockElementConstants element, Vector512<uint> draw);
}

internal readonly struct BlockElementConstants(NumberFormat element)
{
    internal readonly Vector512<int> Shift = Vector512.Create((23 - element.MantissaBits) << 23);
    internal readonly Vector512<int> Mantissa = Vector512.Create(element.MantissaBits << 23);
}

internal readonly struct NearestElement : IBlockElement
{
    public static Rounding Rounding => Rounding.Nearest;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<int> magnitude, Vector512<int> minExponent, in BlockElementConstants element, Vector512<uint> draw) =>
        FormatLanes.Nearest(magnitude, minExponent, element.Shift);
}

internal readonly struct StochasticElement : IBlockElement
{
    public static Rounding Rounding => Rounding.Stochastic;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<int> magnitude, Vector512<int> minExponent, in BlockElementConstants element, Vector512<uint> draw) =>
        FormatLanes.Stochastic(magnitude, minExponent, element.Mantissa, draw);
}

internal readonly struct TowardZeroElement : IBlockElement
{
    public static Rounding Rounding => Rounding.TowardZero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<int> magnitude, Vector512<int> minExponent, in BlockElementConstants element, Vector512<uint> draw) =>
        FormatLanes.TowardZero(magnitude, minExponent, element.Mantissa);
}
