using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Optimizers;

/// <summary>The Euclidean norm of a whole gradient, and the factor that clips it.</summary>
public static unsafe class GlobalNorm
{
    /// <summary>√Σ x²: sixteen lanes in float within 16 Ki elements, the blocks in double in ascending order.</summary>
    public static double Compute(ReadOnlySpan<float> x)
    {
        int blocks = ElementBlocks.Count(x.Length);
        double* partials = (double*)ThreadScratch.Rent(ThreadScratch.Slot.Partials, 2L * Math.Max(blocks, 1));
        fixed (float* px = x)
        {
            Pieces work = new() { X = px, Partials = partials, Length = x.Length };
            ComputeEngine.ForEachPiece(blocks, ref work);
        }

        double sum = 0;
        for (int block = 0; block < blocks; block++)
        {
            sum += partials[block];
        }

        return Math.Sqrt(sum);
    }

    /// <summary>min(1, limit / (norm + 1e-6)), as PyTorch's clip_grad_norm_; 1 when the limit is 0 (off).</summary>
    public static float ClipFactor(double norm, double limit) => limit == 0 ? 1f : (float)Math.Min(1.0, limit / (norm + 1e-6));

    private struct Pieces : IPieces
    {
        internal float* X;
        internal double* Partials;
        internal long Length;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            float* x = X + ((nint)piece * ElementBlocks.Length);
            int length = ElementBlocks.LengthOf(piece, Length);
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = 0; i < length; i += Lanes.Width)
            {
                Vector512<float> value = Lanes.Load(x + i, length - i);
                sum = Vector512.FusedMultiplyAdd(value, value, sum);
            }

            Partials[piece] = Lanes.Sum(sum);
        }
    }
}
