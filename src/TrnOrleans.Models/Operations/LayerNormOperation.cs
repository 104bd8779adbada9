using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Normalization;

namespace TrnOrleans.Models.Operations;

/// <summary>LayerNorm with weight and bias.</summary>
/// <param name="name">Path in the network.</param>
/// <param name="input">rows × width.</param>
/// <param name="output">rows × width.</param>
/// <param name="statistics">rows × 2.</param>
/// <param name="weight">width.</param>
/// <param name="bias">width.</param>
/// <param name="epsilon">Added to the variance.</param>
/// <param name="accumulate">Whether the input is also a residual, whose gradient is already there when the backward pass comes.</param>
internal sealed class LayerNormOperation(
    string name, Tensor input, Tensor output, Tensor statistics, Parameter weight, Parameter bias, float epsilon, bool accumulate) : Operation(name)
{
    internal override IReadOnlyList<Tensor> Inputs => [input];

    internal override Tensor Output => output;

    internal override Tensor? Saved => statistics;

    internal override IReadOnlyList<Tensor> Kept => [input];

    internal override IReadOnlyList<Tensor> Differentiated => [input];

    internal override IReadOnlyList<Parameter> Trained => [weight, bias];

    internal override void Forward(Pass pass) =>
        LayerNorm.Forward(pass.Value(input), pass.Weight(weight), pass.Weight(bias), pass.Value(output), pass.Value(statistics), epsilon);

    internal override void Backward(Pass pass) =>
        LayerNorm.Backward(
            pass.Value(input), pass.Weight(weight), pass.Value(statistics), pass.Gradient(output),
            pass.Gradient(input), pass.WeightGradient(weight), pass.WeightGradient(bias), accumulate);
}
