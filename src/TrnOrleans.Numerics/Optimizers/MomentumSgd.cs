using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Optimizers;

/// <summary>The numbers of one SGD update.</summary>
/// <param name="LearningRate">Of this step.</param>
/// <param name="Momentum">0 for plain SGD.</param>
/// <param name="WeightDecay">Added to the gradient as weightDecay · w (L2), as PyTorch's SGD does.</param>
/// <param name="GradientScale">Factor of the gradient, from clipping.</param>
public readonly record struct SgdStep(float LearningRate, float Momentum, float WeightDecay, float GradientScale);

/// <summary>Stochastic gradient descent with momentum, in PyTorch's form: v = μ v + g; w −= rate · v. One pass over memory.</summary>
/// <remarks>A velocity that has decayed below the smallest normal number is kept as zero, as in <see cref="AdamW"/>.</remarks>
public static unsafe class MomentumSgd
{
    /// <summary>One update in place of weights and velocity; velocity is empty when momentum is 0.</summary>
    /// <exception cref="ArgumentException">lengths differ.</exception>
    public static void Update(Span<float> weights, ReadOnlySpan<float> gradient, Span<float> velocity, in SgdStep step)
    {
        Shape.Check(gradient, weights.Length, nameof(gradient));
        if (step.Momentum != 0)
        {
            Shape.Check<float>(velocity, weights.Length, nameof(velocity));
        }

        fixed (float* pw = weights, pg = gradient, pv = velocity)
        {
            Pieces work = new() { Weights = pw, Gradient = pg, Velocity = step.Momentum == 0 ? null : pv, Length = weights.Length, Step = step };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(weights.Length), ref work);
        }
    }

    private struct Pieces : IPieces
    {
        internal float* Weights, Gradient, Velocity;
        internal long Length;
        internal SgdStep Step;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            nint start = (nint)piece * ElementBlocks.Length;
            int length = ElementBlocks.LengthOf(piece, Length);
            Vector512<float> scale = Vector512.Create(Step.GradientScale);
            Vector512<float> decay = Vector512.Create(Step.WeightDecay);
            Vector512<float> momentum = Vector512.Create(Step.Momentum);
            Vector512<float> rate = Vector512.Create(-Step.LearningRate);
            for (int i = 0; i < length; i += Lanes.Width)
            {
                int left = length - i;
                float* w = Weights + start + i;
                Vector512<float> weight = Lanes.Load(w, left);
                Vector512<float> direction = Vector512.FusedMultiplyAdd(decay, weight, Lanes.Load(Gradient + start + i, left) * scale);
                if (Velocity is not null)
                {
                    direction = Vector512.FusedMultiplyAdd(momentum, Lanes.Load(Velocity + start + i, left), direction);
                    Lanes.Store(Lanes.FlushSubnormals(direction), Velocity + start + i, left);
                }

                Lanes.Store(Vector512.FusedMultiplyAdd(rate, direction, weight), w, left);
            }
        }
    }
}
