using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Activations;
using TrnOrleans.Numerics.Formats;

namespace TrnOrleans.Numerics.Memory;

/// <summary>target[i] += source[i]: the one addition that reductions are made of; bound by memory.</summary>
public static class VectorSum
{
    /// <summary>Adds element by element; both spans have the same length.</summary>
    public static void AddInto(Span<float> target, ReadOnlySpan<float> source) => ElementWise.Map<Sum>(target, source, target);

    /// <summary>target[i] = bf16(target[i]) + bf16(source[i]): both terms have gone through BF16, nearest even, the sum is FP32. Symmetric: which one is the target is no part of the result.</summary>
    public static void AddBf16Into(Span<float> target, ReadOnlySpan<float> source) => ElementWise.Map<Bf16Sum>(target, source, target);

    private readonly struct Bf16Sum : IBinary
    {
        private static readonly FormatConstants s_bf16 = new(NumberFormat.Bf16, saturate: false);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Value(Vector512<float> x, Vector512<float> y) => s_bf16.WideNearest(x) + s_bf16.WideNearest(y);
    }

    private readonly struct Sum : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Value(Vector512<float> x, Vector512<float> y) => x + y;
    }
}
