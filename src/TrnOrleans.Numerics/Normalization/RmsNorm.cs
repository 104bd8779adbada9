using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Elementary;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Normalization;

/// <summary>y = x / √(mean(x²) + ε) · weight over each row (Zhang and Sennrich 2019), as Llama uses it.</summary>
public static unsafe class RmsNorm
{
    /// <summary>Normalises rows; x, y: rows × width; weight: width; scales: rows, 1/√(mean(x²) + ε), kept for the backward pass.</summary>
    /// <exception cref="ArgumentException">a span is not of the stated shape.</exception>
    public static void Forward(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, Span<float> y, Span<float> scales, float epsilon)
    {
        int width = weight.Length;
        int rows = Shape.Rows(x, width, nameof(x));
        Shape.Check(y, x.Length, nameof(y));
        Shape.Check(scales, rows, nameof(scales));
        fixed (float* px = x, pWeight = weight, py = y, pScales = scales)
        {
            ForwardPieces work = new() { X = px, Weight = pWeight, Y = py, Scales = pScales, Rows = rows, Width = width, Epsilon = epsilon };
            ComputeEngine.ForEachPiece(RowBlocks.Count(rows), ref work);
        }
    }

    /// <summary>
    /// Gradients of <see cref="Forward"/>: inputGradient (rows × width) is added to or written, weightGradient (width) is overwritten.
    /// </summary>
    public static void Backward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> scales, ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient, Span<float> weightGradient, bool accumulate)
    {
        int width = weight.Length;
        int rows = Shape.Rows(x, width, nameof(x));
        Shape.Check(scales, rows, nameof(scales));
        Shape.Check(outputGradient, x.Length, nameof(outputGradient));
        Shape.Check(inputGradient, x.Length, nameof(inputGradient));
        Shape.Check(weightGradient, width, nameof(weightGradient));
        int blocks = RowBlocks.Count(rows);
        float* partials = ThreadScratch.Rent(ThreadScratch.Slot.Partials, (long)width * Math.Max(blocks, 1));
        fixed (float* px = x, pWeight = weight, pScales = scales, pdy = outputGradient, pdx = inputGradient, pdw = weightGradient)
        {
            BackwardPieces work = new()
            {
                X = px,
                Weight = pWeight,
                Scales = pScales,
                OutputGradient = pdy,
                InputGradient = pdx,
                Partials = partials,
                Rows = rows,
                Width = width,
                Accumulate = accumulate,
            };
            ComputeEngine.ForEachPiece(blocks, ref work);
            ColumnSums.FoldBlocks(partials, blocks, width, 0, pdw, width);
        }
    }

    private struct ForwardPieces : IPieces
    {
        internal float* X, Weight, Y, Scales;
        internal int Rows, Width;
        internal float Epsilon;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            int end = RowBlocks.End(piece, Rows);
            for (int row = piece * RowBlocks.Rows; row < end; row++)
            {
                float* x = X + ((nint)row * Width);
                float* y = Y + ((nint)row * Width);
                Vector512<float> squares = Vector512<float>.Zero;
                for (int i = 0; i < Width; i += Lanes.Width)
                {
                    Vector512<float> value = Lanes.Load(x + i, Width - i);
                    squares = Vector512.FusedMultiplyAdd(value, value, squares);
                }

                float scale = VectorMath.ReciprocalSquareRoot((Lanes.Sum(squares) / Width) + Epsilon);
                Vector512<float> scales = Vector512.Create(scale);
                for (int i = 0; i < Width; i += Lanes.Width)
                {
                    int left = Width - i;
                    Lanes.Store(Lanes.Load(x + i, left) * scales * Lanes.Load(Weight + i, left), y + i, left);
                }

                Scales[row] = scale;
            }
        }
    }

    private struct BackwardPieces : IPieces
    {
        internal float* X, Weight, Scales, OutputGradient, InputGradient, Partials;
        internal int Rows, Width;
        internal bool Accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            float* weightSum = Partials + ((nint)piece * Width);
            new Span<float>(weightSum, Width).Clear();
            int end = RowBlocks.End(piece, Rows);
            for (int row = piece * RowBlocks.Rows; row < end; row++)
            {
                float* x = X + ((nint)row * Width);
                float* dy = OutputGradient + ((nint)row * Width);
                float* dx = InputGradient + ((nint)row * Width);
                Vector512<float> scales = Vector512.Create(Scales[row]);
                Vector512<float> product = Vector512<float>.Zero;
                for (int i = 0; i < Width; i += Lanes.Width)
                {
                    int left = Width - i;
                    Vector512<float> g = Lanes.Load(dy + i, left);
                    Vector512<float> normal = Lanes.Load(x + i, left) * scales;
                    product = Vector512.FusedMultiplyAdd(g * Lanes.Load(Weight + i, left), normal, product);
                    Lanes.Store(Vector512.FusedMultiplyAdd(g, normal, Lanes.Load(weightSum + i, left)), weightSum + i, left);
                }

                Vector512<float> meanProduct = Vector512.Create(Lanes.Sum(product) / Width);
                for (int i = 0; i < Width; i += Lanes.Width)
                {
                    int left = Width - i;
                    Vector512<float> normal = Lanes.Load(x + i, left) * scales;
                    Vector512<float> gradient = ((Lanes.Load(dy + i, left) * Lanes.Load(Weight + i, left)) - (normal * meanProduct)) * scales;
                    Lanes.Store(Accumulate ? Lanes.Load(dx + i, left) + gradient : gradient, dx + i, left);
                }
            }
        }
    }
}
