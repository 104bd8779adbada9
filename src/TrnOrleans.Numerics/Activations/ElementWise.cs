using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Activations;

/// <summary>A function of one value, over sixteen lanes.</summary>
internal interface IUnary
{
    static abstract Vector512<float> Value(Vector512<float> x);
}

/// <summary>A function of two values, over sixteen lanes.</summary>
internal interface IBinary
{
    static abstract Vector512<float> Value(Vector512<float> x, Vector512<float> y);
}

/// <summary>Applies a function to every element, 16 Ki elements a piece; bound by memory or by the function.</summary>
internal static unsafe class ElementWise
{
    /// <summary>y[i] = f(x[i]); y may be x.</summary>
    internal static void Map<TFunction>(ReadOnlySpan<float> x, Span<float> y)
        where TFunction : struct, IUnary
    {
        Shape.Check(y, x.Length, nameof(y));
        fixed (float* px = x, py = y)
        {
            UnaryPieces<TFunction> work = new() { X = px, Y = py, Length = x.Length };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(x.Length), ref work);
        }
    }

    /// <summary>z[i] = f(x[i], y[i]); z may be x or y.</summary>
    internal static void Map<TFunction>(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> z)
        where TFunction : struct, IBinary
    {
        Shape.Check(y, x.Length, nameof(y));
        Shape.Check(z, x.Length, nameof(z));
        fixed (float* px = x, py = y, pz = z)
        {
            BinaryPieces<TFunction> work = new() { X = px, Y = py, Z = pz, Length = x.Length };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(x.Length), ref work);
        }
    }

    private struct UnaryPieces<TFunction> : IPieces
        where TFunction : struct, IUnary
    {
        internal float* X, Y;
        internal long Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            nint start = (nint)piece * ElementBlocks.Length;
            int length = ElementBlocks.LengthOf(piece, Length);
            for (int i = 0; i < length; i += Lanes.Width)
            {
                Lanes.Store(TFunction.Value(Lanes.Load(X + start + i, length - i)), Y + start + i, length - i);
            }
        }
    }

    private struct BinaryPieces<TFunction> : IPieces
        where TFunction : struct, IBinary
    {
        internal float* X, Y, Z;
        internal long Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            nint start = (nint)piece * ElementBlocks.Length;
            int length = ElementBlocks.LengthOf(piece, Length);
            for (int i = 0; i < length; i += Lanes.Width)
            {
                int left = length - i;
                Lanes.Store(TFunction.Value(Lanes.Load(X + start + i, left), Lanes.Load(Y + start + i, left)), Z + start + i, left);
            }
        }
    }
}
