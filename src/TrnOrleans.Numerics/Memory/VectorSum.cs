using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Activations;

namespace TrnOrleans.Numerics.Memory;

/// <summary>target[i] += source[i]: the one addition that reductions are made of; bound by memory.</summary>
public static class VectorSum
{
    /// <summary>Adds element by element; both spans have the same length.</summary>
    public static void AddInto(Span<float> target, ReadOnlySpan<float> source) => ElementWise.Map<Sum>(target, source, target);

    private readonly struct Sum : IBinary
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Value(Vector512<float> x, Vector512<float> y) => x + y;
    }
}
