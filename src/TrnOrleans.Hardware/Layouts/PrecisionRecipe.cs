using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Layouts;

/// <summary>What a number costs, by what it is for; names are those of NeuronX Distributed and of Trainium3's formats.</summary>
/// <param name="Name">What options call it.</param>
/// <param name="Compute">Format of the products.</param>
/// <param name="WeightBytes">Of a weight as the products read it, and of its copy for the next update.</param>
/// <param name="GradientBytes">Of a gradient in memory.</param>
/// <param name="StateBytes">Of master copy and optimizer states.</param>
/// <param name="ActivationBytes">Of an activation.</param>
/// <param name="WireBytes">Of a gradient on the wire.</param>
public sealed record PrecisionRecipe(string Name, ComputeFormat Compute, double WeightBytes, double GradientBytes, double StateBytes, double ActivationBytes, double WireBytes)
{
    /// <summary>All that are known.</summary>
    public static IReadOnlyList<PrecisionRecipe> All { get; } =
    [
        new("fp32", ComputeFormat.Fp32, 4, 4, 8, 4, 4),
        new("tf32", ComputeFormat.Tf32, 4, 4, 8, 4, 4),
        new("bf16SR", ComputeFormat.Bf16, 2, 2, 8, 2, 2),
        new("mixed_precision", ComputeFormat.Bf16, 2, 4, 12, 2, 2),
        new("mixed_precisionSR", ComputeFormat.Bf16, 2, 4, 12, 2, 2),
        new("fp8", ComputeFormat.Fp8, 2, 2, 12, 2, 2),

        // A code a weight and a scale of eight bits a block of 32, beside BF16 for what is not a product.
        new("mxfp8", ComputeFormat.Fp8, 2 + 1 + (1.0 / 32), 2, 12, 2, 2),
        new("mxfp4", ComputeFormat.Fp4, 2 + 0.5 + (1.0 / 32), 2, 12, 2, 2),
    ];

    /// <summary>By name.</summary>
    /// <exception cref="InvalidDescriptionException">there is none.</exception>
    public static PrecisionRecipe Of(string name) =>
        All.FirstOrDefault(r => r.Name == name) ?? throw new InvalidDescriptionException($"there is no precision {name}; known are {string.Join(", ", All.Select(r => r.Name))}");
}
