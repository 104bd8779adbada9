using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrnOrleans.Numerics.Formats;

/// <summary>One way to round sixteen lanes, chosen at compile time.</summary>
internal interface IFormatRounder
{
    /// <summary>Whether it wants random bits.</summary>
    static abstract bool IsRandom { get; }

    static abstract Vector512<float> Round(in FormatConstants format, Vector512<float> x, Vector512<uint> draw);
}

internal readonly struct NarrowNearest : IFormatRounder
{
    public static bool IsRandom => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(in FormatConstants format, Vector512<float> x, Vector512<uint> draw) => format.NarrowNearest(x);
}

internal readonly struct NarrowTowardZero : IFormatRounder
{
    public static bool IsRandom => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(in FormatConstants format, Vector512<float> x, Vector512<uint> draw) => format.NarrowTowardZero(x);
}

internal readonly struct NarrowStochastic : IFormatRounder
{
    public static bool IsRandom => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(in FormatConstants format, Vector512<float> x, Vector512<uint> draw) => format.NarrowStochastic(x, draw);
}

internal readonly struct WideNearest : IFormatRounder
{
    public static bool IsRandom => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(in FormatConstants format, Vector512<float> x, Vector512<uint> draw) => format.WideNearest(x);
}

internal readonly struct WideTowardZero : IFormatRounder
{
    public static bool IsRandom => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(in FormatConstants format, Vector512<float> x, Vector512<uint> draw) => format.WideTowardZero(x);
}

internal readonly struct WideStochastic : IFormatRounder
{
    public static bool IsRandom => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(in FormatConstants format, Vector512<float> x, Vector512<uint> draw) => format.WideStochastic(x, draw);
}
