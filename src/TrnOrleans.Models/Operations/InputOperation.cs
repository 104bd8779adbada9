using TrnOrleans.Models.Networks;

namespace TrnOrleans.Models.Operations;

/// <summary>Brings the features of the samples into the network: its output's memory is the sample buffer itself.</summary>
internal sealed class InputOperation(string name, Tensor output) : Operation(name)
{
    internal override IReadOnlyList<Tensor> Inputs => [];

    internal override Tensor Output => output;

    internal override IReadOnlyList<Tensor> Kept => [];

    internal override IReadOnlyList<Tensor> Differentiated => [];

    internal override void Forward(Pass pass)
    {
        // The features are where they are read.
    }

    internal override void Backward(Pass pass)
    {
        // Data has no gradient.
    }
}
