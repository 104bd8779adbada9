using System.Text.Json.Serialization;
using TrnOrleans.Numerics.Formats;

namespace TrnOrleans.Models.Precision;

/// <summary>Which layers keep their products in BF16, whatever the recipe says of products.</summary>
public enum Bf16Layers
{
    /// <summary>None.</summary>
    None,

    /// <summary>The one that computes logits.</summary>
    Head,

    /// <summary>That one, and all of the first and of the last block of the network.</summary>
    Ends,
}

/// <summary>Whether losses are multiplied before the backward pass, so that small gradients are not lost.</summary>
public enum LossScalingKind
{
    /// <summary>They are not.</summary>
    None,

    /// <summary>By one number throughout; a step whose gradient overflows is skipped.</summary>
    Static,

    /// <summary>By a number that is halved when a gradient overflows, whose step is skipped, and doubled after 2,000 steps without.</summary>
    Dynamic,
}

/// <summary>
/// In which number formats a run computes: a recipe by name, and what differs from it. Formats of products are those of
/// <see cref="OperandFormat.All"/>; what is null is as the recipe has it.
/// </summary>
public sealed record PrecisionSpec
{
    /// <summary>One of <see cref="PrecisionRecipes.Names"/>.</summary>
    public string Recipe { get; init; } = PrecisionRecipes.Default;

    /// <summary>Weights in forward products.</summary>
    public string? Weights { get; init; }

    /// <summary>Activations in forward products.</summary>
    public string? Activations { get; init; }

    /// <summary>Gradients of activations in backward products.</summary>
    public string? Gradients { get; init; }

    /// <summary>Weights in backward products.</summary>
    public string? BackwardWeights { get; init; }

    /// <summary>Activations in backward products.</summary>
    public string? BackwardActivations { get; init; }

    /// <summary>Queries, keys, values and weights of attention, and their gradients: fp32, tf32, bf16 or fp16.</summary>
    public string? Attention { get; init; }

    /// <summary>Weights between updates: fp32, a master copy, or bf16 or fp16, without one.</summary>
    public string? StoredWeights { get; init; }

    /// <summary>State of the optimizer: fp32 or bf16.</summary>
    public string? Optimizer { get; init; }

    /// <summary>Gradients between chips: fp32 or bf16.</summary>
    public string? Wire { get; init; }

    /// <summary>Of operands.</summary>
    public Rounding? Rounding { get; init; }

    /// <summary>Of stored weights and of the optimizer's state after an update.</summary>
    public Rounding? UpdateRounding { get; init; }

    /// <summary>Of the scales of MX blocks.</summary>
    public ScaleRule? ScaleRule { get; init; }

    /// <summary>Numbers of an MX block.</summary>
    public int? Block { get; init; }

    /// <summary>Whether operands of forward products are turned by a Hadamard matrix before they are quantised.</summary>
    public bool? Hadamard { get; init; }

    /// <summary>Layers that stay in BF16.</summary>
    [JsonPropertyName("bf16_layers")]
    public Bf16Layers? Bf16Layers { get; init; }

    /// <summary>Whether losses are scaled.</summary>
    public LossScalingKind? LossScaling { get; init; }

    /// <summary>By how much, or to begin with.</summary>
    public double? LossScale { get; init; }
}
