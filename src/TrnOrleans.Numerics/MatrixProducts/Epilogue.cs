using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Activations;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// What a product does to its elements after bias and residual, while they are still in the cache: a pass over memory of its own would
/// read and write all of C once more. The bits are those of the separate kernels.
/// </summary>
public enum Epilogue
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>C = relu(C), as <see cref="Activations.Relu.Forward"/>.</summary>
    Relu,

    /// <summary>C = C where the other operand, the output of a ReLU, is above 0, else 0: <see cref="Activations.Relu.Backward"/>.</summary>
    ReluGradient,

    /// <summary>The other operand becomes gelu(C), as <see cref="Activations.Gelu.Forward"/>; C stays, for the backward pass.</summary>
    Gelu,

    /// <summary>C = C · gelu′(other operand), the input of a GELU: <see cref="Activations.Gelu.Backward"/>.</summary>
    GeluGradient,
}

/// <summary>An epilogue over sixteen lanes.</summary>
internal unsafe interface IEpilogue
{
    /// <summary>The value to store in C.</summary>
    /// <param name="value">After bias and residual.</param>
    /// <param name="other">The other operand at the same place.</param>
    /// <param name="left">Elements to the end of the block; at least one.</param>
    static abstract Vector512<float> Apply(Vector512<float> value, float* other, int left);
}

internal readonly unsafe struct NoEpilogue : IEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> value, float* other, int left) => value;
}

internal readonly unsafe struct ReluEpilogue : IEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> value, float* other, int left) => Relu.Function.Value(value);
}

internal readonly unsafe struct ReluGradientEpilogue : IEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> value, float* other, int left) => Relu.Derivative.Value(Lanes.Load(other, left), value);
}

internal readonly unsafe struct GeluEpilogue : IEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> value, float* other, int left)
    {
        Lanes.Store(Gelu.Function.Value(value), other, left);
        return value;
    }
}

internal readonly unsafe struct GeluGradientEpilogue : IEpilogue
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Apply(Vector512<float> value, float* other, int left) => Gelu.Derivative.Value(Lanes.Load(other, left), value);
}
