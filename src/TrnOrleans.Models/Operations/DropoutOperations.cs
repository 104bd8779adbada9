using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Activations;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Operations;

/// <summary>y = dropout(x) in training, y = x otherwise.</summary>
/// <param name="name">Path in the network.</param>
/// <param name="input">rows × width; the width divides by 4.</param>
/// <param name="output">rows × width.</param>
/// <param name="probability">Share dropped.</param>
/// <param name="layer">Which dropout of the network: part of the key of its randomness.</param>
internal sealed class DropoutOperation(string name, Tensor input, Tensor output, float probability, ushort layer) : Operation(name)
{
    internal override IReadOnlyList<Tensor> Inputs => [input];

    internal override Tensor Output => output;

    internal override IReadOnlyList<Tensor> Kept => [];

    internal override IReadOnlyList<Tensor> Differentiated => [input];

    internal override void Forward(Pass pass)
    {
        pass.Value(input).CopyTo(pass.Value(output));
        Drop(pass, pass.Value(output), output.Width, probability, layer);
    }

    internal override void Backward(Pass pass)
    {
        pass.Gradient(output).CopyTo(pass.Gradient(input));
        Drop(pass, pass.Gradient(input), output.Width, probability, layer);
    }

    internal static void Drop(Pass pass, Span<float> rows, int width, float probability, ushort layer)
    {
        if (pass.Training)
        {
            Dropout.Apply(rows, probability, pass.DropoutRandom(layer), (ulong)(pass.FirstRow * width));
        }
    }
}

/// <summary>sum = residual + dropout(branch): the end of a residual branch when something is dropped.</summary>
internal sealed class DropoutAddOperation : Operation
{
    private readonly Tensor _branch;
    private readonly Tensor _residual;
    private readonly float _probability;
    private readonly ushort _layer;

    internal DropoutAddOperation(string name, Tensor branch, Tensor residual, Tensor sum, float probability, ushort layer)
        : base(name)
    {
        (_branch, _residual, Output, _probability, _layer) = (branch, residual, sum, probability, layer);
        residual.ShareGradientWith(sum);
    }

    internal override IReadOnlyList<Tensor> Inputs => [_branch, _residual];

    internal override Tensor Output { get; }

    internal override IReadOnlyList<Tensor> Kept => [];

    internal override IReadOnlyList<Tensor> Differentiated => [_branch];

    internal override void Forward(Pass pass)
    {
        Span<float> sum = pass.Value(Output);
        pass.Value(_branch).CopyTo(sum);
        DropoutOperation.Drop(pass, sum, Output.Width, _probability, _layer);
        VectorSum.AddInto(sum, pass.Value(_residual));
    }

    internal override void Backward(Pass pass)
    {
        Span<float> gradient = pass.Gradient(_branch);
        pass.Gradient(Output).CopyTo(gradient);
        DropoutOperation.Drop(pass, gradient, Output.Width, _probability, _layer);
    }
}
