using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Elementary;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Losses;

/// <summary>Row-wise softmax with cross-entropy against class indices, and its gradient in place.</summary>
public static unsafe class SoftmaxCrossEntropy
{
    /// <summary>A row with this target does not count.</summary>
    public const int IgnoreIndex = -1;

    /// <summary>Losses, gradient and hits of each row.</summary>
    /// <param name="logits">rows × classes; on return d(scale · Σ loss)/d(logits), unless only losses are wanted, when they are untouched.</param>
    /// <param name="targets">rows; each in [0, classes), or IgnoreIndex.</param>
    /// <param name="losses">rows; in nats; 0 for a row that does not count.</param>
    /// <param name="classes">Columns; at least one.</param>
    /// <param name="scale">Factor of the gradient, such as 1 / rows of the global batch.</param>
    /// <param name="gradient">Whether the gradient is wanted.</param>
    /// <returns>Rows whose largest logit is the target's (the first of equal ones).</returns>
    /// <exception cref="ArgumentOutOfRangeException">a target is outside the classes; logits are untouched.</exception>
    public static int Compute(Span<float> logits, ReadOnlySpan<int> targets, Span<float> losses, int classes, float scale, bool gradient)
    {
        int rows = Shape.Rows<float>(logits, classes, nameof(logits));
        Shape.Check(targets, rows, nameof(targets));
        Shape.Check<float>(losses, rows, nameof(losses));
        foreach (int target in targets)
        {
            if (target != IgnoreIndex && (uint)target >= (uint)classes)
            {
                throw new ArgumentOutOfRangeException(nameof(targets), target, $"a target must be in [0, {classes})");
            }
        }

        int hits = 0;
        fixed (float* pLogits = logits, pLosses = losses)
        fixed (int* pTargets = targets)
        {
            Pieces work = new()
            {
                Logits = pLogits,
                Targets = pTargets,
                Losses = pLosses,
                Rows = rows,
                Classes = classes,
                Scale = scale,
                Gradient = gradient,
                Hits = &hits,
            };
            ComputeEngine.ForEachPiece(RowBlocks.Count(rows), ref work);
        }

        return hits;
    }

    private struct Pieces : IPieces
    {
        internal float* Logits, Losses;
        internal int* Targets, Hits;
        internal int Rows, Classes;
        internal float Scale;
        internal bool Gradient;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            int hits = 0;
            int end = RowBlocks.End(piece, Rows);
            for (int row = piece * RowBlocks.Rows; row < end; row++)
            {
                float* x = Logits + ((nint)row * Classes);
                int target = Targets[row];
                if (target == IgnoreIndex)
                {
                    Losses[row] = 0;
                    if (Gradient)
                    {
                        new Span<float>(x, Classes).Clear();
                    }

                    continue;
                }

                float at = x[target];
                Vector512<float> largest = Vector512.Create(float.NegativeInfinity);
                for (int i = 0; i < Classes; i += Lanes.Width)
                {
                    largest = Vector512.Max(largest, Lanes.Load(x + i, Classes - i, float.NegativeInfinity));
                }

                float max = Lanes.Max(largest);
                hits += at == max && FirstOf(x, max) == target ? 1 : 0;
                Vector512<float> maxes = Vector512.Create(max);
                Vector512<float> sums = Vector512<float>.Zero;
                for (int i = 0; i < Classes; i += Lanes.Width)
                {
                    // The lanes behind the last class compute e^0 and are then cleared: e^−∞ is slow on its way to zero.
                    int left = Classes - i;
                    Vector512<float> e = VectorMath.Exp(Lanes.Load(x + i, left, max) - maxes);
                    sums += left >= Lanes.Width ? e : Lanes.KeepFirst(e, left);
                    if (Gradient)
                    {
                        Lanes.Store(e, x + i, left);
                    }
                }

                float sum = Lanes.Sum(sums);
                Losses[row] = VectorMath.Log(sum) + (max - at);
                if (Gradient)
                {
                    Vector512<float> factor = Vector512.Create(Scale / sum);
                    for (int i = 0; i < Classes; i += Lanes.Width)
                    {
                        Lanes.Store(Lanes.Load(x + i, Classes - i) * factor, x + i, Classes - i);
                    }

                    x[target] -= Scale;
                }
            }

            Interlocked.Add(ref *Hits, hits);
        }

        private readonly int FirstOf(float* x, float value)
        {
            int i = 0;
            while (i < Classes && x[i] != value)
            {
                i++;
            }

            return i;
        }
    }
}
