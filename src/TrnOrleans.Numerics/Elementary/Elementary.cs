using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrnOrleans.Numerics.Elementary;

/// <summary>exp, tanh and log over sixteen lanes, made of IEEE operations in a fixed order: the same bits on every machine, unlike libm.</summary>
/// <remarks>Polynomials from the Cephes library (expf.c, tanhf.c, logf.c); relative error of each under 2.5 ulp on its whole range.</remarks>
public static class VectorMath
{
    private const float Log2OfE = 1.44269504088896341f;
    private const float LogOf2High = 0.693359375f;
    private const float LogOf2Low = -2.12194440e-4f;

    // Adding and subtracting 1.5 · 2^23 rounds to the nearest integer, and leaves it in the low bits of the significand.
    private const float RoundingShift = 12582912f;

    /// <summary>e^x; 0 below −103.97, +∞ above 88.72; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Exp(Vector512<float> x)
    {
        // Beyond these the result is 0 or infinity whatever the lane holds; NaN fails both comparisons and passes through.
        Vector512<float> clamped = Vector512.ConditionalSelect(Vector512.GreaterThan(x, Vector512.Create(89f)), Vector512.Create(89f), x);
        clamped = Vector512.ConditionalSelect(Vector512.LessThan(clamped, Vector512.Create(-104f)), Vector512.Create(-104f), clamped);
        Vector512<float> shifted = Vector512.FusedMultiplyAdd(clamped, Vector512.Create(Log2OfE), Vector512.Create(RoundingShift));
        Vector512<float> n = shifted - Vector512.Create(RoundingShift);
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-LogOf2High), clamped);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-LogOf2Low), r);

        Vector512<float> p = Vector512.Create(1.9875691500e-4f);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(5.0000001201e-1f));
        p = Vector512.FusedMultiplyAdd(p, r * r, r) + Vector512.Create(1f);

        // 2^n in two factors, so that subnormal results and the last finite binade come out right.
        Vector512<int> exponent = shifted.AsInt32() - Vector512.Create(RoundingShift).AsInt32();
        Vector512<int> half = exponent >> 1;
        Vector512<float> first = ((half + Vector512.Create(127)) << 23).AsSingle();
        Vector512<float> second = ((exponent - half + Vector512.Create(127)) << 23).AsSingle();
        return p * first * second;
    }

    /// <summary>tanh x; ±1 far out; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Tanh(Vector512<float> x)
    {
        Vector512<float> magnitude = Vector512.Abs(x);
        Vector512<float> z = x * x;
        Vector512<float> near = Vector512.Create(-5.70498872745e-3f);
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(2.06390887954e-2f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(-5.37397155531e-2f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(1.33314422036e-1f));
        near = Vector512.FusedMultiplyAdd(near, z, Vector512.Create(-3.33332819422e-1f));
        near = Vector512.FusedMultiplyAdd(near * z, x, x);

        Vector512<float> far = Vector512.Create(1f) - (Vector512.Create(2f) / (Exp(magnitude + magnitude) + Vector512.Create(1f)));
        Vector512<int> sign = x.AsInt32() & Vector512.Create(int.MinValue);

        // The sign comes last: the polynomial turns −0 into +0.
        Vector512<float> result = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, Vector512.Create(0.625f)), near, far);
        return (result.AsInt32() | sign).AsSingle();
    }

    /// <summary>1 / (1 + e^−x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Sigmoid(Vector512<float> x) => Vector512.Create(1f) / (Vector512.Create(1f) + Exp(-x));

    /// <summary>Natural logarithm; −∞ at 0, NaN below 0, +∞ at +∞; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Log(Vector512<float> x)
    {
        // Subnormals are scaled into the normal range first.
        Vector512<float> subnormal = Vector512.LessThan(x, Vector512.Create(1.17549435e-38f));
        Vector512<float> scaled = Vector512.ConditionalSelect(subnormal, x * Vector512.Create(8388608f), x);
        Vector512<int> bits = scaled.AsInt32();
        Vector512<int> exponent = ((bits >> 23) & Vector512.Create(0xFF)) - Vector512.Create(126);
        exponent -= subnormal.AsInt32() & Vector512.Create(23);
        Vector512<float> m = ((bits & Vector512.Create(0x007FFFFF)) | Vector512.Create(0x3F000000)).AsSingle();

        Vector512<float> small = Vector512.LessThan(m, Vector512.Create(0.70710678118654752f));
        m = Vector512.ConditionalSelect(small, m + m, m) - Vector512.Create(1f);
        exponent += small.AsInt32();
        Vector512<float> e = Vector512.ConvertToSingle(exponent);

        Vector512<float> z = m * m;
        Vector512<float> p = Vector512.Create(7.0376836292e-2f);
        p = Vector512.FusedMultiplyAdd(p, m, Vector512.Create(-1.1514610310e-1f));
        p = Vector512.FusedMultiplyAdd(p, m, Vector512.Create(1.1676998740e-1f));
        p = Vector512.FusedMultiplyAdd(p, m, Vector512.Create(-1.2420140846e-1f));
        p = Vector512.FusedMultiplyAdd(p, m, Vector512.Create(1.4249322787e-1f));
        p = Vector512.FusedMultiplyAdd(p, m, Vector512.Create(-1.6668057665e-1f));
        p = Vector512.FusedMultiplyAdd(p, m, Vector512.Create(2.0000714765e-1f));
        p = Vector512.FusedMultiplyAdd(p, m, Vector512.Create(-2.4999993993e-1f));
        p = Vector512.FusedMultiplyAdd(p, m, Vector512.Create(3.3333331174e-1f));
        Vector512<float> y = p * m * z;
        y = Vector512.FusedMultiplyAdd(e, Vector512.Create(LogOf2Low), y);
        y = Vector512.FusedMultiplyAdd(z, Vector512.Create(-0.5f), y);
        Vector512<float> result = Vector512.FusedMultiplyAdd(e, Vector512.Create(LogOf2High), m + y);

        result = Vector512.ConditionalSelect(Vector512.Equals(x, Vector512.Create(float.PositiveInfinity)), x, result);
        result = Vector512.ConditionalSelect(Vector512.Equals(x, Vector512<float>.Zero), Vector512.Create(float.NegativeInfinity), result);
        result = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), Vector512.Create(float.NaN), result);
        return Vector512.ConditionalSelect(Vector512.Equals(x, x), result, x);
    }

    /// <summary>1 / √x by an exact square root and an exact division: every hardware estimate instruction differs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ReciprocalSquareRoot(Vector512<float> x) => Vector512.Create(1f) / Vector512.Sqrt(x);

    /// <summary>1 / √x of one value.</summary>
    public static float ReciprocalSquareRoot(float x) => 1f / MathF.Sqrt(x);

    /// <summary>Natural logarithm of one value, the same bits as a lane of <see cref="Log(Vector512{float})"/>.</summary>
    public static float Log(float x) => Log(Vector512.Create(x)).GetElement(0);
}
