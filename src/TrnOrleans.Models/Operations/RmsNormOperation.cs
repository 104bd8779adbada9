using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Normalization;

namespace TrnOrleans.Models.Operations;

/// <summary>RMSNorm.</summary>
/// <param name="name">Path in the network.</param>
/// <param name="input">rows × width.</param>
/// <param name="output">rows × width.</param>
/// <param name="scales">rows × 1.</param>
/// <param name="weight">width.</param>
/// <param name="epsilon">Added to the mean square.</param>
/// <param name="accumulate">Whether the input is also a residual, whose gradient is already there when the backward pass comes.</param>
internal sealed class RmsNormOperation(
    string name, Tensor input, Tensor output, Tensor scales, Parameter weight, float epsilon, bool accumulate) : Operation(name)
{
    internal override IReadOnlyList<Tensor> Inputs => [input];

    internal override Tensor Output => output;

    internal override Tensor? Saved => scales;

    internal override IReadOnlyList<Tensor> Kept => [input];

    internal override IReadOnlyList<Tensor> Differentiated => [input];

    internal override IReadOnlyList<Parameter> Trained => [weight];

    internal override void Forward(Pass pass) =>
        RmsNorm.Forward(pass.Value(input), pass.Weight(weight), pass.Value(output), pass.Value(scales), epsilon);

    internal override void Backward(Pass pass) =>
        RmsNorm.Backward(
            pass.Value(input), pass.Weight(weight), pass.Value(scales), pass.Gradient(output),
            pass.Gradient(input), pass.WeightGradient(weight), accumulate);
}
