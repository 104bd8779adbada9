using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Activations;

namespace TrnOrleans.Models.Operations;

/// <summary>ReLU; the gradient is made in place, from the output.</summary>
internal sealed class ReluOperation : Operation
{
    private readonly Tensor _input;

    internal ReluOperation(string name, Tensor input, Tensor output)
        : base(name)
    {
        (_input, Output) = (input, output);
        input.ShareGradientWith(output);
    }

    internal override IReadOnlyList<Tensor> Inputs => [_input];

    internal override Tensor Output { get; }

    internal override IReadOnlyList<Tensor> Kept => [Output];

    internal override IReadOnlyList<Tensor> Differentiated => [_input];

    internal override void Forward(Pass pass) => Relu.Forward(pass.Value(_input), pass.Value(Output));

    internal override void Backward(Pass pass) => Relu.Backward(pass.Value(Output), pass.Gradient(Output), pass.Gradient(_input));
}

/// <summary>silu(gate) · up over rows that hold both.</summary>
internal sealed class SwiGluOperation(string name, Tensor input, Tensor output) : Operation(name)
{
    internal override IReadOnlyList<Tensor> Inputs => [input];

    internal override Tensor Output => output;

    internal override IReadOnlyList<Tensor> Kept => [input];

    internal override IReadOnlyList<Tensor> Differentiated => [input];

    internal override void Forward(Pass pass) => SwiGlu.Forward(pass.Value(input), pass.Value(output), output.Width);

    internal override void Backward(Pass pass) =>
        SwiGlu.Backward(pass.Value(input), pass.Gradient(output), pass.Gradient(input), output.Width);
}
