using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Elementary;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Normalization;

/// <summary>y = (x − mean) / √(variance + ε) · weight + bias over each row; biased variance, as in Ba et al. 2016.</summary>
public static unsafe class LayerNorm
{
    /// <summary>Normalises rows.</summary>
    /// <param name="x">rows × width.</param>
    /// <param name="weight">width.</param>
    /// <param name="bias">width.</param>
    /// <param name="y">rows × width; may be x.</param>
    /// <param name="statistics">rows × 2: mean and 1/√(variance + ε) of each row, kept for the backward pass.</param>
    /// <param name="epsilon">Added to the variance; positive.</param>
    /// <exception cref="ArgumentException">a span is not of the stated shape.</exception>
    public static void Forward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Span<float> y, Span<float> statistics, float epsilon)
    {
        int width = weight.Length;
        int rows = Shape.Rows(x, width, nameof(x));
        Shape.Check(bias, width, nameof(bias));
        Shape.Check(y, x.Length, nameof(y));
        Shape.Check(statistics, 2L * rows, nameof(statistics));
        fixed (float* px = x, pWeight = weight, pBias = bias, py = y, pStatistics = statistics)
        {
            ForwardPieces work = new()
            {
                X = px,
                Weight = pWeight,
                Bias = pBias,
                Y = py,
                Statistics = pStatistics,
                Rows = rows,
                Width = width,
                Epsilon = epsilon,
            };
            ComputeEngine.ForEachPiece(RowBlocks.Count(rows), ref work);
        }
    }

    /// <summary>Gradients of <see cref="Forward"/>.</summary>
    /// <param name="x">The forward input, rows × width.</param>
    /// <param name="weight">width.</param>
    /// <param name="statistics">As the forward pass left them.</param>
    /// <param name="outputGradient">rows × width.</param>
    /// <param name="inputGradient">rows × width; the gradient is added to what is there (the residual's), or written when not accumulating.</param>
    /// <param name="weightGradient">width; overwritten.</param>
    /// <param name="biasGradient">width; overwritten.</param>
    /// <param name="accumulate">Whether inputGradient already holds a gradient.</param>
    public static void Backward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> statistics, ReadOnlySpan<float> outputGradient,
        Span<float> inputGradient, Span<float> weightGradient, Span<float> biasGradient, bool accumulate)
    {
        int width = weight.Length;
        int rows = Shape.Rows(x, width, nameof(x));
        Shape.Check(statistics, 2L * rows, nameof(statistics));
        Shape.Check(outputGradient, x.Length, nameof(outputGradient));
        Shape.Check(inputGradient, x.Length, nameof(inputGradient));
        Shape.Check(weightGradient, width, nameof(weightGradient));
        Shape.Check(biasGradient, width, nameof(biasGradient));
        int blocks = RowBlocks.Count(rows);
        float* partials = ThreadScratch.Rent(ThreadScratch.Slot.Partials, 2L * width * Math.Max(blocks, 1));
        fixed (float* px = x, pWeight = weight, pStatistics = statistics, pdy = outputGradient, pdx = inputGradient, pdw = weightGradient, pdb = biasGradient)
        {
            BackwardPieces work = new()
            {
                X = px,
                Weight = pWeight,
                Statistics = pStatistics,
                OutputGradient = pdy,
                InputGradient = pdx,
                Partials = partials,
                Rows = rows,
                Width = width,
                Accumulate = accumulate,
            };
            ComputeEngine.ForEachPiece(blocks, ref work);
            ColumnSums.FoldBlocks(partials, blocks, 2 * width, 0, pdw, width);
            ColumnSums.FoldBlocks(partials, blocks, 2 * width, width, pdb, width);
        }
    }

    private struct ForwardPieces : IPieces
    {
        internal float* X, Weight, Bias, Y, Statistics;
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
                Vector512<float> sum = Vector512<float>.Zero;
                int i = 0;
                for (; i + Lanes.Width <= Width; i += Lanes.Width)
                {
                    sum += Vector512.Load(x + i);
                }

                if (i < Width)
                {
                    sum += Lanes.LoadTail(x + i, Width - i);
                }

                float mean = Lanes.Sum(sum) / Width;
                Vector512<float> means = Vector512.Create(mean);
                Vector512<float> squares = Vector512<float>.Zero;
                i = 0;
                for (; i + Lanes.Width <= Width; i += Lanes.Width)
                {
                    Vector512<float> d = Vector512.Load(x + i) - means;
                    squares = Vector512.FusedMultiplyAdd(d, d, squares);
                }

                if (i < Width)
                {
                    Vector512<float> d = Lanes.LoadTail(x + i, Width - i, mean) - means;
                    squares = Vector512.FusedMultiplyAdd(d, d, squares);
                }

                float scale = VectorMath.ReciprocalSquareRoot((Lanes.Sum(squares) / Width) + Epsilon);
                Vector512<float> scales = Vector512.Create(scale);
                for (i = 0; i < Width; i += Lanes.Width)
                {
                    int left = Width - i;
                    Vector512<float> normal = (Lanes.Load(x + i, left) - means) * scales;
                    Lanes.Store(Vector512.FusedMultiplyAdd(normal, Lanes.Load(Weight + i, left), Lanes.Load(Bias + i, left)), y + i, left);
                }

                Statistics[2 * row] = mean;
                Statistics[(2 * row) + 1] = scale;
            }
        }
    }

    private struct BackwardPieces : IPieces
    {
        internal float* X, Weight, Statistics, OutputGradient, InputGradient, Partials;
        internal int Rows, Width;
        internal bool Accumulate;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            float* weightSum = Partials + ((nint)piece * 2 * Width);
            float* biasSum = weightSum + Width;
            new Span<float>(weightSum, 2 * Width).Clear();
            int end = RowBlocks.End(piece, Rows);
            for (int row = piece * RowBlocks.Rows; row < end; row++)
            {
                float* x = X + ((nint)row * Width);
                float* dy = OutputGradient + ((nint)row * Width);
                float* dx = InputGradient + ((nint)row * Width);
                Vector512<float> means = Vector512.Create(Statistics[2 * row]);
                Vector512<float> scales = Vector512.Create(Statistics[(2 * row) + 1]);
                Vector512<float> sum = Vector512<float>.Zero;
                Vector512<float> product = Vector512<float>.Zero;
                for (int i = 0; i < Width; i += Lanes.Width)
                {
                    int left = Width - i;
                    Vector512<float> g = Lanes.Load(dy + i, left);
                    Vector512<float> normal = (Lanes.Load(x + i, left) - means) * scales;
                    Vector512<float> weighted = g * Lanes.Load(Weight + i, left);
                    sum += weighted;
                    product = Vector512.FusedMultiplyAdd(weighted, normal, product);
                    Lanes.Store(Vector512.FusedMultiplyAdd(g, normal, Lanes.Load(weightSum + i, left)), weightSum + i, left);
                    Lanes.Store(g + Lanes.Load(biasSum + i, left), biasSum + i, left);
                }

                Vector512<float> meanGradient = Vector512.Create(Lanes.Sum(sum) / Width);
                Vector512<float> meanProduct = Vector512.Create(Lanes.Sum(product) / Width);
                for (int i = 0; i < Width; i += Lanes.Width)
                {
                    int left = Width - i;
                    Vector512<float> normal = (Lanes.Load(x + i, left) - means) * scales;
                    Vector512<float> weighted = Lanes.Load(dy + i, left) * Lanes.Load(Weight + i, left);
                    Vector512<float> gradient = (weighted - meanGradient - (normal * meanProduct)) * scales;
                    Lanes.Store(Accumulate ? Lanes.Load(dx + i, left) + gradient : gradient, dx + i, left);
                }
            }
        }
    }
}
