using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>Small transposes in registers of AVX-512; callers look at <see cref="IsSupported"/> first.</summary>
internal static unsafe class Transpose
{
    private const int Side = 16;

    internal static bool IsSupported => Avx512F.IsSupported;

    /// <summary>Sixteen rows of sixteen become sixteen rows that lie <paramref name="targetStride"/> apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Sixteen(float* source, nint stride, float* target, nint targetStride)
    {
        Quad(source, stride, out Vector512<float> a0, out Vector512<float> a1, out Vector512<float> a2, out Vector512<float> a3);
        Quad(source + (4 * stride), stride, out Vector512<float> b0, out Vector512<float> b1, out Vector512<float> b2, out Vector512<float> b3);
        Quad(source + (8 * stride), stride, out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3);
        Quad(source + (12 * stride), stride, out Vector512<float> d0, out Vector512<float> d1, out Vector512<float> d2, out Vector512<float> d3);
        Join(a0, b0, c0, d0, target, 4 * targetStride);
        Join(a1, b1, c1, d1, target + targetStride, 4 * targetStride);
        Join(a2, b2, c2, d2, target + (2 * targetStride), 4 * targetStride);
        Join(a3, b3, c3, d3, target + (3 * targetStride), 4 * targetStride);
    }

    /// <summary>As above when only the first <paramref name="rows"/> rows are there; zeros for the others.</summary>
    internal static void Sixteen(float* source, nint stride, int rows, float* target, nint targetStride)
    {
        if (rows >= Side)
        {
            Sixteen(source, stride, target, targetStride);
            return;
        }

        float* whole = stackalloc float[Side * Side];
        for (int row = 0; row < Side; row++)
        {
            Vector512<float> value = row < rows ? Vector512.Load(source + (row * stride)) : Vector512<float>.Zero;
            value.Store(whole + (row * Side));
        }

        Sixteen(whole, Side, target, targetStride);
    }

    /// <summary>A corner of a block: <paramref name="columns"/> × <paramref name="rows"/> of its transpose are written, no more.</summary>
    internal static void Corner(float* source, nint stride, int rows, int columns, float* target, nint targetStride)
    {
        float* whole = stackalloc float[Side * Side];
        Sixteen(source, stride, whole, Side);
        for (int column = 0; column < columns; column++)
        {
            Lanes.Store(Vector512.Load(whole + (column * Side)), target + (column * targetStride), rows);
        }
    }

    /// <summary>Twelve rows of sixteen become sixteen rows of twelve, one behind the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Twelve(float* source, nint stride, float* target)
    {
        Quad(source, stride, out Vector512<float> a0, out Vector512<float> a1, out Vector512<float> a2, out Vector512<float> a3);
        Quad(source + (4 * stride), stride, out Vector512<float> b0, out Vector512<float> b1, out Vector512<float> b2, out Vector512<float> b3);
        Quad(source + (8 * stride), stride, out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3);
        Spread(a0, target);
        Spread(a1, target + 12);
        Spread(a2, target + 24);
        Spread(a3, target + 36);
        Spread(b0, target + 4);
        Spread(b1, target + 16);
        Spread(b2, target + 28);
        Spread(b3, target + 40);
        Spread(c0, target + 8);
        Spread(c1, target + 20);
        Spread(c2, target + 32);
        Spread(c3, target + 44);
    }

    /// <summary>Four rows of sixteen: vector j holds, in quarter p, column 4·p + j of the four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quad(
        float* source, nint stride, out Vector512<float> v0, out Vector512<float> v1, out Vector512<float> v2, out Vector512<float> v3)
    {
        Vector512<float> r0 = Vector512.Load(source);
        Vector512<float> r1 = Vector512.Load(source + stride);
        Vector512<float> r2 = Vector512.Load(source + (2 * stride));
        Vector512<float> r3 = Vector512.Load(source + (3 * stride));
        Vector512<double> low01 = Avx512F.UnpackLow(r0, r1).AsDouble();
        Vector512<double> high01 = Avx512F.UnpackHigh(r0, r1).AsDouble();
        Vector512<double> low23 = Avx512F.UnpackLow(r2, r3).AsDouble();
        Vector512<double> high23 = Avx512F.UnpackHigh(r2, r3).AsDouble();
        v0 = Avx512F.UnpackLow(low01, low23).AsSingle();
        v1 = Avx512F.UnpackHigh(low01, low23).AsSingle();
        v2 = Avx512F.UnpackLow(high01, high23).AsSingle();
        v3 = Avx512F.UnpackHigh(high01, high23).AsSingle();
    }

    /// <summary>The same quarters of four vectors side by side: four rows of sixteen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Join(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* target, nint stride)
    {
        Vector512<float> lowAb = Avx512F.Shuffle4x128(a, b, 0x44);
        Vector512<float> highAb = Avx512F.Shuffle4x128(a, b, 0xEE);
        Vector512<float> lowCd = Avx512F.Shuffle4x128(c, d, 0x44);
        Vector512<float> highCd = Avx512F.Shuffle4x128(c, d, 0xEE);
        Avx512F.Shuffle4x128(lowAb, lowCd, 0x88).Store(target);
        Avx512F.Shuffle4x128(lowAb, lowCd, 0xDD).Store(target + stride);
        Avx512F.Shuffle4x128(highAb, highCd, 0x88).Store(target + (2 * stride));
        Avx512F.Shuffle4x128(highAb, highCd, 0xDD).Store(target + (3 * stride));
    }

    /// <summary>The four quarters, four rows of twelve apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Spread(Vector512<float> value, float* target)
    {
        Avx512F.ExtractVector128(value, 0).Store(target);
        Avx512F.ExtractVector128(value, 1).Store(target + 48);
        Avx512F.ExtractVector128(value, 2).Store(target + 96);
        Avx512F.ExtractVector128(value, 3).Store(target + 144);
    }
}
