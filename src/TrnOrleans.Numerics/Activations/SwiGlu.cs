using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Elementary;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Activations;

/// <summary>SwiGLU (Shazeer 2020): silu(gate) · up, where each row holds the gate in its first half and up in its second.</summary>
public static unsafe class SwiGlu
{
    /// <summary>y = silu(gate) · up; gateAndUp: rows × 2·width; y: rows × width.</summary>
    /// <exception cref="ArgumentException">a span is not of the stated shape.</exception>
    public static void Forward(ReadOnlySpan<float> gateAndUp, Span<float> y, int width)
    {
        int rows = Shape.Rows(y, width, nameof(y));
        Shape.Check(gateAndUp, 2L * y.Length, nameof(gateAndUp));
        fixed (float* px = gateAndUp, py = y)
        {
            ForwardPieces work = new() { X = px, Y = py, Rows = rows, Width = width };
            ComputeEngine.ForEachPiece(RowBlocks.Count(rows), ref work);
        }
    }

    /// <summary>Gradient of <see cref="Forward"/>: inputGradient (rows × 2·width) is overwritten, and may be gateAndUp itself.</summary>
    public static void Backward(ReadOnlySpan<float> gateAndUp, ReadOnlySpan<float> outputGradient, Span<float> inputGradient, int width)
    {
        int rows = Shape.Rows(outputGradient, width, nameof(outputGradient));
        Shape.Check(gateAndUp, 2L * outputGradient.Length, nameof(gateAndUp));
        Shape.Check(inputGradient, gateAndUp.Length, nameof(inputGradient));
        fixed (float* px = gateAndUp, pdy = outputGradient, pdx = inputGradient)
        {
            BackwardPieces work = new() { X = px, OutputGradient = pdy, InputGradient = pdx, Rows = rows, Width = width };
            ComputeEngine.ForEachPiece(RowBlocks.Count(rows), ref work);
        }
    }

    private struct ForwardPieces : IPieces
    {
        internal float* X, Y;
        internal int Rows, Width;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            int end = RowBlocks.End(piece, Rows);
            for (int row = piece * RowBlocks.Rows; row < end; row++)
            {
                float* gate = X + (2 * (nint)row * Width);
                float* y = Y + ((nint)row * Width);
                for (int i = 0; i < Width; i += Lanes.Width)
                {
                    int left = Width - i;
                    Vector512<float> g = Lanes.Load(gate + i, left);
                    Lanes.Store(g * VectorMath.Sigmoid(g) * Lanes.Load(gate + Width + i, left), y + i, left);
                }
            }
        }
    }

    private struct BackwardPieces : IPieces
    {
        internal float* X, OutputGradient, InputGradient;
        internal int Rows, Width;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            int end = RowBlocks.End(piece, Rows);
            for (int row = piece * RowBlocks.Rows; row < end; row++)
            {
                float* gate = X + (2 * (nint)row * Width);
                float* dGate = InputGradient + (2 * (nint)row * Width);
                float* dy = OutputGradient + ((nint)row * Width);
                for (int i = 0; i < Width; i += Lanes.Width)
                {
                    int left = Width - i;
                    Vector512<float> g = Lanes.Load(gate + i, left);
                    Vector512<float> up = Lanes.Load(gate + Width + i, left);
                    Vector512<float> gradient = Lanes.Load(dy + i, left);
                    Vector512<float> s = VectorMath.Sigmoid(g);
                    Vector512<float> silu = g * s;
                    Vector512<float> slope = s + (silu * (Vector512.Create(1f) - s));
                    Lanes.Store(gradient * up * slope, dGate + i, left);
                    Lanes.Store(gradient * silu, dGate + Width + i, left);
                }
            }
        }
    }
}
