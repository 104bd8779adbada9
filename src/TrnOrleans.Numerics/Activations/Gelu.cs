using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Elementary;

namespace TrnOrleans.Numerics.Activations;

/// <summary>GELU in its tanh form, 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))), as GPT-2 uses it ("gelu_new").</summary>
public static class Gelu
{
    private const float SquareRootOf2OverPi = 0.7978845608028654f;
    private const float Cubic = 0.044715f;

    /// <summary>y[i] = gelu(x[i]); y may be x, but the backward pass needs x.</summary>
    public static void Forward(ReadOnlySpan<float> x, Span<float> y) => ElementWise.Map<Function>(x, y);

    /// <summary>inputGradient[i] = outputGradient[i] · gelu′(x[i]); may be in place of outputGradient.</summary>
    public static void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> outputGradient, Span<float> inputGradient) =>
        ElementWise.Map<Derivative>(x, outputGradient, inputGradient);

    private readonly struct Function : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Value(Vector512<float> x)
        {
            Vector512<float> t = VectorMath.Tanh(Inner(x));
            return Vector512.Create(0.5f) * x * (Vector512.Create(1f) + t);
        }
    }

    private readonly struct Derivative : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Value(Vector512<float> x, Vector512<float> gradient)
        {
            Vector512<float> t = VectorMath.Tanh(Inner(x));
            Vector512<float> slope = Vector512.FusedMultiplyAdd(
                x * x, Vector512.Create(3 * Cubic * SquareRootOf2OverPi), Vector512.Create(SquareRootOf2OverPi));
            Vector512<float> half = Vector512.Create(0.5f);
            Vector512<float> first = half * (Vector512.Create(1f) + t);
            Vector512<float> second = half * x * (Vector512.Create(1f) - (t * t)) * slope;
            return gradient * (first + second);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Inner(Vector512<float> x)
    {
        Vector512<float> cube = x * x * x;
        return Vector512.Create(SquareRootOf2OverPi) * Vector512.FusedMultiplyAdd(cube, Vector512.Create(Cubic), x);
    }
}
