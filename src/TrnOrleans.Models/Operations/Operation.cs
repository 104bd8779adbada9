using TrnOrleans.Models.Networks;

namespace TrnOrleans.Models.Operations;

/// <summary>One operation of a network: what it reads and writes, and how it computes both directions.</summary>
/// <param name="name">For people: a path in the network.</param>
public abstract class Operation(string name)
{
    /// <summary>Path in the network, such as "layers.0.attention".</summary>
    public string Name { get; } = name;

    /// <summary>Tensors whose values the forward pass reads.</summary>
    internal abstract IReadOnlyList<Tensor> Inputs { get; }

    /// <summary>The tensor whose values the forward pass writes.</summary>
    internal abstract Tensor Output { get; }

    /// <summary>Something beside the output that the forward pass leaves for the backward pass, or null.</summary>
    internal virtual Tensor? Saved => null;

    /// <summary>Tensors whose values the backward pass reads again; their memory must live until then.</summary>
    internal abstract IReadOnlyList<Tensor> Kept { get; }

    /// <summary>Tensors whose gradients the backward pass writes, from the output's gradient.</summary>
    internal abstract IReadOnlyList<Tensor> Differentiated { get; }

    /// <summary>Parameters whose gradients the backward pass writes or adds to.</summary>
    internal virtual IReadOnlyList<Parameter> Trained => [];

    /// <summary>Values of the output from the values of the inputs.</summary>
    internal abstract void Forward(Pass pass);

    /// <summary>Gradients of inputs and weights from the gradient of the output.</summary>
    internal abstract void Backward(Pass pass);
}
