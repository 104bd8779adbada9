using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Elementary;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Models.Training;

/// <summary>Applies the optimizer to one contiguous slice of the flat weights. Updates are element-wise: any cut in slices gives the same bits.</summary>
public sealed class ShardOptimizer
{
    private readonly OptimizerSpec _spec;
    private readonly List<(long Start, int Length, bool Decays)> _segments = [];

    /// <param name="spec">Rule and constants.</param>
    /// <param name="layout">Which parts are matrices.</param>
    /// <param name="start">First float of the slice.</param>
    /// <param name="length">Floats of the slice.</param>
    public ShardOptimizer(OptimizerSpec spec, ParameterLayout layout, long start, long length)
    {
        _spec = spec;
        foreach (Parameter parameter in layout.Parameters)
        {
            long first = Math.Max(start, parameter.Offset);
            long end = Math.Min(start + length, parameter.Offset + parameter.Length);
            if (first < end)
            {
                _segments.Add((first, (int)(end - first), parameter.IsMatrix || spec.DecayAll));
            }
        }
    }

    /// <summary>One update.</summary>
    /// <param name="weights">Flat weights; the slice changes.</param>
    /// <param name="gradient">Flat gradient.</param>
    /// <param name="states">As many as the optimizer's state count; the slice changes.</param>
    /// <param name="step">From 0.</param>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="gradientScale">From clipping.</param>
    public void Apply(AlignedBuffer weights, AlignedBuffer gradient, IReadOnlyList<AlignedBuffer> states, long step, double learningRate, float gradientScale)
    {
        float correction1 = (float)(1 - ScalarMath.Pow(_spec.Beta1, step + 1));
        float correction2 = (float)(1 - ScalarMath.Pow(_spec.Beta2, step + 1));
        foreach ((long start, int length, bool decays) in _segments)
        {
            float decay = decays ? (float)_spec.WeightDecay : 0f;
            Span<float> w = weights.Span(start, length);
            Span<float> g = gradient.Span(start, length);
            if (_spec.Kind == OptimizerKind.AdamW)
            {
                AdamWStep update = new(
                    (float)learningRate, _spec.Beta1, _spec.Beta2, (float)_spec.Epsilon, decay, gradientScale, correction1, correction2);
                AdamW.Update(w, g, states[0].Span(start, length), states[1].Span(start, length), update);
            }
            else
            {
                SgdStep update = new((float)learningRate, (float)_spec.Momentum, decay, gradientScale);
                MomentumSgd.Update(w, g, states.Count == 0 ? default : states[0].Span(start, length), update);
            }
        }
    }
}
