using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Elementary;

namespace TrnOrleans.Numerics.Activations;

/// <summary>GELU in its tanh form, 0.5 x (1 + tanh u) with u = √(2/π) (x + 0.044715 x³), as GPT-2 uses it ("gelu_new").</summary>
/// <remarks>Computed as x · sigmoid(2u), which is the same function and loses no digits where 1 + tanh u would cancel.</remarks>
public static class Gelu
{
    private const float SquareRootOf2OverPi = 0.7978845608028654f;
    private const float Cubic = 0.044715f;

    /// <summary>y[i] = gelu(x[i]); y may be x, but the backward pass needs x.</summary>
    public static void Forward(ReadOnlySpan<float> x, Span<float> y) => ElementWise.Map<Function>(x, y);

    /// <summary>inputGradient[i] = outputGradient[i] · gelu′(x[i]); may be in place of outputGradient.</summary>
    public static void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> outputGradient, Span<float> inputGradient) =>
        ElementWise.Map<Derivative>(x, outputGradient, inputGradient);

    internal readonly struct Function : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Value(Vector512<float> x) => x * VectorMath.Sigmoid(TwiceInner(x));
    }

    internal readonly struct Derivative : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Value(Vector512<float> x, Vector512<float> gradient)
        {
            Vector512<float> s = VectorMath.Sigmoid(TwiceInner(x));
            Vector512<float> slope = Vector512.FusedMultiplyAdd(
                x * x, Vector512.Create(6 * Cubic * SquareRootOf2OverPi), Vector512.Create(2 * SquareRootOf2OverPi));
            return gradient * Vector512.FusedMultiplyAdd(x * slope, s * (Vector512.Create(1f) - s), s);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> TwiceInner(Vector512<float> x)
    {
        Vector512<float> cube = x * x * x;
        return Vector512.Create(2 * SquareRootOf2OverPi) * Vector512.FusedMultiplyAdd(cube, Vector512.Create(Cubic), x);
    }
}
