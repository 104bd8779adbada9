using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Attention;
using TrnOrleans.Numerics.Formats;

namespace TrnOrleans.Models.Operations;

/// <summary>Causal attention over rows of queries, keys and values, turned by rotary positions first where the network has them (in place).</summary>
/// <param name="name">Path in the network.</param>
/// <param name="input">rows × (heads + 2 · key-value heads) · head width.</param>
/// <param name="output">rows × heads · head width.</param>
/// <param name="statistics">rows × 2 · heads.</param>
/// <param name="shape">Shape of one sample.</param>
/// <param name="rotary">Angles, or null.</param>
/// <param name="format">Of queries, keys, values, weights and gradients in its products; what lies in memory is rounded where it lies.</param>
internal sealed class AttentionOperation(
    string name, Tensor input, Tensor output, Tensor statistics, AttentionShape shape, RotaryTable? rotary, NumberFormat format) : Operation(name)
{
    internal override IReadOnlyList<Tensor> Inputs => [input];

    internal override Tensor Output => output;

    internal override Tensor? Saved => statistics;

    internal override IReadOnlyList<Tensor> Kept => [input, output];

    internal override IReadOnlyList<Tensor> Differentiated => [input];

    internal override void Forward(Pass pass)
    {
        if (rotary is not null)
        {
            Rotary.Forward(pass.Value(input), shape.RowWidth, shape.Heads + shape.KeyValueHeads, pass.RowsPerSample, rotary);
        }

        FormatRounding.Round(pass.Value(input), pass.Value(input), format, saturate: false);
        CausalAttention.Forward(
            pass.Value(input), pass.Value(output), pass.Value(statistics), shape with { Sequences = pass.Samples, Context = pass.RowsPerSample }, format);
    }

    internal override void Backward(Pass pass)
    {
        FormatRounding.Round(pass.Gradient(output), pass.Gradient(output), format, saturate: false);
        CausalAttention.Backward(
            pass.Value(input), pass.Value(output), pass.Value(statistics), pass.Gradient(output), pass.Gradient(input),
            shape with { Sequences = pass.Samples, Context = pass.RowsPerSample }, format);
        if (rotary is not null)
        {
            Rotary.Backward(pass.Gradient(input), shape.RowWidth, shape.Heads + shape.KeyValueHeads, pass.RowsPerSample, rotary);
        }
    }
}
