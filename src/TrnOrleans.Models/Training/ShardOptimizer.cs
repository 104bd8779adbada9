using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;
using TrnOrleans.Numerics.Elementary;
using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Optimizers;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Models.Training;

/// <summary>
/// Applies the optimizer to one contiguous slice of the flat weights, in FP32, and rounds what it leaves to the formats in which it is kept.
/// Updates are element-wise: any cut in slices gives the same bits.
/// </summary>
public sealed class ShardOptimizer
{
    // Streams of randomness beside those of operations' operands, which are counted from below.
    private const ushort WeightStream = ushort.MaxValue;

    private readonly OptimizerSpec _spec;
    private readonly NetworkPrecision _precision;
    private readonly ulong _seed;
    private readonly List<(long Start, int Length, bool Decays)> _segments = [];

    /// <param name="spec">Rule and constants.</param>
    /// <param name="network">Which parts are matrices, and in which formats it computes.</param>
    /// <param name="start">First float of the slice.</param>
    /// <param name="length">Floats of the slice.</param>
    /// <param name="seed">Of the run, for stochastic rounding.</param>
    public ShardOptimizer(OptimizerSpec spec, Network network, long start, long length, ulong seed = 0)
    {
        (_spec, _precision, _seed) = (spec, network.Precision, seed);
        foreach (Parameter parameter in network.Layout.Parameters)
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
    /// <param name="gradientScale">From clipping, and against the scale of the loss.</param>
    /// <param name="skipped">Steps before this one that were no updates.</param>
    public void Apply(
        AlignedBuffer weights, AlignedBuffer gradient, IReadOnlyList<AlignedBuffer> states, long step, double learningRate, float gradientScale, long skipped = 0)
    {
        float correction1 = (float)(1 - ScalarMath.Pow(_spec.Beta1, step - skipped + 1));
        float correction2 = (float)(1 - ScalarMath.Pow(_spec.Beta2, step - skipped + 1));
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

            Keep(w, _precision.StoredWeights, WeightStream, step, start);
            for (int state = 0; state < states.Count; state++)
            {
                Keep(states[state].Span(start, length), _precision.OptimizerState, (ushort)(WeightStream - 1 - state), step, start);
            }
        }
    }

    /// <summary>Rounds to the format in which it is kept; an element's place in the flat weights says which random bits are its own.</summary>
    private void Keep(Span<float> values, NumberFormat format, ushort stream, long step, long start) =>
        FormatRounding.Round(
            values, values, format, _precision.UpdateRounding, saturate: false, new CounterRandom(_seed, RandomUse.Rounding, stream, (uint)step), (ulong)start);
}
