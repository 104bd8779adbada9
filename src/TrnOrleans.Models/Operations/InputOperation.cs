using TrnOrleans.Models.Networks;

namespace TrnOrleans.Models.Operations;

/// <summary>Brings the features of the samples into the network.</summary>
internal sealed class InputOperation(string name, Tensor output) : Operation(name)
{
    internal override IReadOnlyList<Tensor> Inputs => [];

    internal override Tensor Output => output;

    internal override IReadOnlyList<Tensor> Kept => [];

    internal override IReadOnlyList<Tensor> Differentiated => [];

    internal override void Forward(Pass pass) => pass.Inputs.Features.AsSpan(0, pass.Samples * output.Width).CopyTo(pass.Value(output));

    internal override void Backward(Pass pass)
    {
        // Data has no gradient.
    }
}
