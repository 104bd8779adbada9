using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// C (m × n, row-major) = A · B + bias + residual. A is addressed as A[row · ARow + k · AStep], B as B[k · BStep + column · BColumn], in
/// floats, unless B is packed in panels over the whole of k; bias and residual may be null. The memory is the caller's and stays in place while a kernel runs.
/// </summary>
internal unsafe struct Operands
{
    internal int M, N, K;
    internal float* A, B, C, Bias, Residual;
    internal nint ARow, AStep, BStep, BColumn;
    internal bool IsPacked;

    internal Epilogue Epilogue;

    // Below this many multiply-adds a kernel takes under 10 µs, and calling for help costs more than it brings.
    internal readonly bool WorthHelp => (long)M * N * K >= 1 << 19;


    /// <summary>m × n; null when the epilogue has no other operand.</summary>
    internal float* Other;

    /// <summary>What comes after the chains of a block, while it is still in the cache; zeros instead of chains when there is no k.</summary>
    internal readonly void Finish(int firstRow, int rows, int firstColumn, int columns)
    {
        switch (Epilogue)
        {
            case Epilogue.Relu:
                Finish<ReluEpilogue>(firstRow, rows, firstColumn, columns);
                break;
            case Epilogue.ReluGradient:
                Finish<ReluGradientEpilogue>(firstRow, rows, firstColumn, columns);
                break;
            case Epilogue.Gelu:
                Finish<GeluEpilogue>(firstRow, rows, firstColumn, columns);
                break;
            case Epilogue.GeluGradient:
                Finish<GeluGradientEpilogue>(firstRow, rows, firstColumn, columns);
                break;
            default:
                if (K == 0 || Bias is not null || Residual is not null)
                {
                    Finish<NoEpilogue>(firstRow, rows, firstColumn, columns);
                }

                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Finish<TEpilogue>(int firstRow, int rows, int firstColumn, int columns)
        where TEpilogue : struct, IEpilogue
    {
        for (int row = firstRow; row < firstRow + rows; row++)
        {
            nint start = (nint)row * N;
            for (int column = firstColumn; column < firstColumn + columns; column += Lanes.Width)
            {
                int left = firstColumn + columns - column;
                Vector512<float> value = K == 0 ? Vector512<float>.Zero : Lanes.Load(C + start + column, left);
                if (Bias is not null)
                {
                    value += Lanes.Load(Bias + column, left);
                }

                if (Residual is not null)
                {
                    value += Lanes.Load(Residual + start + column, left);
                }

                Lanes.Store(TEpilogue.Apply(value, Other + start + column, left), C + start + column, left);
            }
        }
    }
}
