using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace TrnOrleans.Numerics.Memory;

/// <summary>The sixteen lanes that every vector kernel uses, whatever the machine's registers are, and the one shape in which they are summed.</summary>
/// <remarks>A narrower machine splits a vector in halves; the order of additions stays the same, and so do the bits.</remarks>
internal static unsafe class Lanes
{
    /// <summary>Floats in a vector.</summary>
    internal const int Width = 16;

    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>Sum as a tree: lane i + lane i+8, then +4, +2, +1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Sum(Vector512<float> value)
    {
        Vector256<float> eight = value.GetLower() + value.GetUpper();
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        Vector128<float> two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 2, 3));
        return two.GetElement(0) + two.GetElement(1);
    }

    /// <summary>Largest lane; no lane may be NaN for a defined result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Max(Vector512<float> value)
    {
        Vector256<float> eight = Vector256.Max(value.GetLower(), value.GetUpper());
        Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        Vector128<float> two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 2, 3)));
        return MathF.Max(two.GetElement(0), two.GetElement(1));
    }

    /// <summary>The first <paramref name="count"/> floats (under sixteen), the other lanes filled with <paramref name="fill"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> LoadTail(float* source, int count, float fill = 0f) =>
        Avx512F.IsSupported ? Avx512F.MaskLoad(source, FirstLanes(count), Vector512.Create(fill)) : LoadOneByOne(source, count, fill);

    /// <summary>Writes the first <paramref name="count"/> lanes only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreTail(Vector512<float> value, float* target, int count)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.MaskStore(target, FirstLanes(count), value);
        }
        else
        {
            StoreOneByOne(value, target, count);
        }
    }

    /// <summary>Sixteen floats, or what is left of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Load(float* source, int remaining, float fill = 0f) =>
        remaining >= Width ? Vector512.Load(source) : LoadTail(source, remaining, fill);

    /// <summary>Sixteen floats, or as many as still fit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(Vector512<float> value, float* target, int remaining)
    {
        if (remaining >= Width)
        {
            Vector512.Store(value, target);
        }
        else
        {
            StoreTail(value, target, remaining);
        }
    }

    /// <summary>The first <paramref name="count"/> lanes as they are, exact zeros in the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> KeepFirst(Vector512<float> value, int count) => value & FirstLanes(count);

    /// <summary>Zero for what is smaller than the smallest normal number, of which processors compute hundreds of cycles each; else the value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> FlushSubnormals(Vector512<float> value) => Vector512.ConditionalSelect(
        Vector512.LessThan(Vector512.Abs(value), Vector512.Create(SmallestNormal)), Vector512<float>.Zero, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> FirstLanes(int count) => Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(count)).AsSingle();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<float> LoadOneByOne(float* source, int count, float fill)
    {
        float* lanes = stackalloc float[Width];
        for (int i = 0; i < Width; i++)
        {
            lanes[i] = i < count ? source[i] : fill;
        }

        return Vector512.Load(lanes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void StoreOneByOne(Vector512<float> value, float* target, int count)
    {
        float* lanes = stackalloc float[Width];
        Vector512.Store(value, lanes);
        for (int i = 0; i < count; i++)
        {
            target[i] = lanes[i];
        }
    }
}
