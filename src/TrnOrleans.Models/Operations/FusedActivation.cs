using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.MatrixProducts;

namespace TrnOrleans.Models.Operations;

/// <summary>
/// An activation that is part of two linear layers: the layer before writes the activated values, and the layer behind writes the gradient
/// of the values before the activation. So the gradient of <paramref name="After"/> is never in memory, and its place has that of
/// <paramref name="Before"/>.
/// </summary>
/// <param name="Forward">At the end of the layer before.</param>
/// <param name="Backward">At the end of the backward pass of the layer behind.</param>
/// <param name="Before">Values before the activation, when the backward pass needs them; else null.</param>
/// <param name="After">Activated values.</param>
internal sealed record FusedActivation(Epilogue Forward, Epilogue Backward, Tensor? Before, Tensor After)
{
    internal static FusedActivation Relu(Tensor after) => new(Epilogue.Relu, Epilogue.ReluGradient, null, after);

    internal static FusedActivation Gelu(Tensor before, Tensor after) => new(Epilogue.Gelu, Epilogue.GeluGradient, before, after);
}
