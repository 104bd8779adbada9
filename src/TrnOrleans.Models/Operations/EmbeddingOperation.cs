using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Embeddings;

namespace TrnOrleans.Models.Operations;

/// <summary>The embedding of each token, with that of its position when positions are learned.</summary>
/// <param name="name">Path in the network.</param>
/// <param name="output">rows × width.</param>
/// <param name="table">vocabulary × width.</param>
/// <param name="positions">context × width, or null.</param>
/// <param name="tied">Whether the output layer has already written a gradient of the table: the backward pass then adds to it.</param>
internal sealed class EmbeddingOperation(string name, Tensor output, Parameter table, Parameter? positions, bool tied) : Operation(name)
{
    internal override IReadOnlyList<Tensor> Inputs => [];

    internal override Tensor Output => output;

    internal override IReadOnlyList<Tensor> Kept => [];

    internal override IReadOnlyList<Tensor> Differentiated => [];

    internal override IReadOnlyList<Parameter> Trained => positions is null ? [table] : [table, positions];

    internal override void Forward(Pass pass) =>
        Embedding.Forward(
            pass.Inputs.Tokens.AsSpan(0, pass.Rows), pass.Weight(table), positions is null ? default : pass.Weight(positions), pass.Value(output),
            output.Width, pass.RowsPerSample);

    internal override void Backward(Pass pass)
    {
        Span<float> tableGradient = pass.WeightGradient(table);
        Span<float> positionGradient = positions is null ? default : pass.WeightGradient(positions);
        if (!tied)
        {
            tableGradient.Clear();
        }

        positionGradient.Clear();
        Embedding.Backward(
            pass.Inputs.Tokens.AsSpan(0, pass.Rows), pass.Gradient(output), tableGradient, positionGradient, output.Width, pass.RowsPerSample);
    }
}
