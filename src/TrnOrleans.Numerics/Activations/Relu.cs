using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrnOrleans.Numerics.Activations;

/// <summary>max(x, 0); its derivative at 0 is 0, as in PyTorch. NaN passes through.</summary>
public static class Relu
{
    /// <summary>y[i] = max(x[i], 0); y may be x.</summary>
    public static void Forward(ReadOnlySpan<float> x, Span<float> y) => ElementWise.Map<Function>(x, y);

    /// <summary>inputGradient[i] = y[i] > 0 ? outputGradient[i] : 0, from the forward output y; may be in place of outputGradient.</summary>
    public static void Backward(ReadOnlySpan<float> y, ReadOnlySpan<float> outputGradient, Span<float> inputGradient) =>
        ElementWise.Map<Derivative>(y, outputGradient, inputGradient);

    internal readonly struct Function : IUnary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Value(Vector512<float> x) =>
            Vector512.ConditionalSelect(Vector512.LessThanOrEqual(x, Vector512<float>.Zero), Vector512<float>.Zero, x);
    }

    internal readonly struct Derivative : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Value(Vector512<float> x, Vector512<float> y) =>
            Vector512.ConditionalSelect(Vector512.LessThanOrEqual(x, Vector512<float>.Zero), Vector512<float>.Zero, y);
    }
}
