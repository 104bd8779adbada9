using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Optimizers;

/// <summary>The numbers of one AdamW update.</summary>
/// <param name="LearningRate">Of this step.</param>
/// <param name="Beta1">Decay of the first moment; in double, because 1 − β loses digits in float.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
/// <param name="WeightDecay">Decoupled: w loses learningRate · weightDecay · w.</param>
/// <param name="GradientScale">Factor of the gradient, from clipping.</param>
/// <param name="Correction1">1 − β₁^t, t from 1.</param>
/// <param name="Correction2">1 − β₂^t.</param>
public readonly record struct AdamWStep(
    float LearningRate, double Beta1, double Beta2, float Epsilon, float WeightDecay, float GradientScale, float Correction1, float Correction2);

/// <summary>AdamW with bias correction (Loshchilov and Hutter 2019), in PyTorch's order of operations; one pass over memory.</summary>
/// <remarks>
/// Moments are kept as zero once they have decayed below the smallest normal number, 1.2e-38, as those of weights whose input stays zero
/// do after some 850 steps (the first) and thousands (the second): they move no weight any more, and steps with them took twice as long.
/// </remarks>
public static unsafe class AdamW
{
    /// <summary>One update in place of weights, first and second moments; all spans of one length. Element-wise: any slice gives the same bits.</summary>
    /// <exception cref="ArgumentException">lengths differ.</exception>
    public static void Update(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, in AdamWStep step)
    {
        Shape.Check(gradient, weights.Length, nameof(gradient));
        Shape.Check<float>(first, weights.Length, nameof(first));
        Shape.Check<float>(second, weights.Length, nameof(second));
        fixed (float* pw = weights, pg = gradient, pm = first, pv = second)
        {
            Pieces work = new() { Weights = pw, Gradient = pg, First = pm, Second = pv, Length = weights.Length, Step = step };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(weights.Length), ref work);
        }
    }

    private struct Pieces : IPieces
    {
        internal float* Weights, Gradient, First, Second;
        internal long Length;
        internal AdamWStep Step;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            nint start = (nint)piece * ElementBlocks.Length;
            float* w = Weights + start;
            float* g = Gradient + start;
            float* m = First + start;
            float* v = Second + start;
            int length = ElementBlocks.LengthOf(piece, Length);
            Vector512<float> scale = Vector512.Create(Step.GradientScale);
            Vector512<float> beta1 = Vector512.Create((float)Step.Beta1);
            Vector512<float> beta2 = Vector512.Create((float)Step.Beta2);
            Vector512<float> rest1 = Vector512.Create((float)(1 - Step.Beta1));
            Vector512<float> rest2 = Vector512.Create((float)(1 - Step.Beta2));
            Vector512<float> keep = Vector512.Create(1f - (Step.LearningRate * Step.WeightDecay));
            Vector512<float> stepSize = Vector512.Create(Step.LearningRate / Step.Correction1);
            Vector512<float> rootCorrection = Vector512.Create(1f / MathF.Sqrt(Step.Correction2));
            Vector512<float> epsilon = Vector512.Create(Step.Epsilon);
            for (int i = 0; i < length; i += Lanes.Width)
            {
                int left = length - i;
                Vector512<float> gradient = Lanes.Load(g + i, left) * scale;
                Vector512<float> first = Vector512.FusedMultiplyAdd(beta1, Lanes.Load(m + i, left), rest1 * gradient);
                Vector512<float> second = Vector512.FusedMultiplyAdd(beta2, Lanes.Load(v + i, left), rest2 * gradient * gradient);
                Vector512<float> divisor = Vector512.FusedMultiplyAdd(Vector512.Sqrt(second), rootCorrection, epsilon);
                Vector512<float> weight = (Lanes.Load(w + i, left) * keep) - (stepSize * (first / divisor));
                Lanes.Store(Lanes.FlushSubnormals(first), m + i, left);
                Lanes.Store(Lanes.FlushSubnormals(second), v + i, left);
                Lanes.Store(weight, w + i, left);
            }
        }
    }
}
