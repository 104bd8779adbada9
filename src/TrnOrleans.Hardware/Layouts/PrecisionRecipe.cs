using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Precision;
using TrnOrleans.Numerics.Formats;

namespace TrnOrleans.Hardware.Layouts;

/// <summary>What a number costs, by what it is for: the same recipes as those in which runs are executed.</summary>
/// <param name="Name">What options call it.</param>
/// <param name="Compute">Format of the products.</param>
/// <param name="WeightBytes">Of a weight as the products read it, and of its copy for the next update.</param>
/// <param name="GradientBytes">Of a gradient in memory.</param>
/// <param name="StateBytes">Of master copy and optimizer states.</param>
/// <param name="ActivationBytes">Of an activation.</param>
/// <param name="WireBytes">Of a gradient on the wire.</param>
/// <param name="GatherBytes">Of a weight that chips gather from others.</param>
public sealed record PrecisionRecipe(string Name, ComputeFormat Compute, double WeightBytes, double GradientBytes, double StateBytes, double ActivationBytes, double WireBytes, double GatherBytes)
{
    // Of AdamW.
    private const int States = 2;

    /// <summary>All that are known.</summary>
    public static IReadOnlyList<PrecisionRecipe> All { get; } = [.. PrecisionRecipes.Names.Select(name => Of(PrecisionRecipes.Resolve(new PrecisionSpec { Recipe = name })))];

    /// <summary>By name.</summary>
    /// <exception cref="InvalidDescriptionException">there is none.</exception>
    public static PrecisionRecipe Of(string name) =>
        All.FirstOrDefault(r => r.Name == name) ?? throw new InvalidDescriptionException($"there is no precision {name}; known are {string.Join(", ", All.Select(r => r.Name))}");

    /// <summary>Refuses a recipe on a chip that does not know its format.</summary>
    /// <exception cref="InvalidDescriptionException">it does not.</exception>
    public void CheckOn(Chip chip)
    {
        if (chip.Peak(Compute) is null)
        {
            throw new InvalidDescriptionException($"{chip.Name} does not compute in {Chip.Word(Compute)}, which {Name} needs; it knows {string.Join(", ", chip.PeakTeraflops.Keys)}");
        }
    }

    /// <summary>Of the formats that a run is executed in.</summary>
    public static PrecisionRecipe Of(NetworkPrecision precision)
    {
        bool isWide = precision.Activations.IsExact || precision.Activations.Element == NumberFormat.Tf32;
        bool hasMaster = precision.StoredWeights == NumberFormat.Fp32 && !isWide;

        // What is not a product reads BF16, beside the codes and scales of what is.
        double weights = isWide ? 4 : precision.Weights.Element.Bits >= 16 ? 2 : 2 + (precision.Weights.BitsPerNumber(precision.Block) / 8);
        return new PrecisionRecipe(
            precision.Name, ComputeOf(precision.Activations.Element), weights, hasMaster || isWide ? 4 : 2,
            (hasMaster ? 4 : 0) + (States * precision.OptimizerState.Bits / 8), isWide ? 4 : 2, precision.WireBytes, precision.GatherBytes);
    }

    private static ComputeFormat ComputeOf(NumberFormat element) => element switch
    {
        { MantissaBits: 23 } => ComputeFormat.Fp32,
        { IsWide: true, MantissaBits: 10 } => ComputeFormat.Tf32,
        { Bits: 16 } => ComputeFormat.Bf16,
        { Bits: 8 or 6 } => ComputeFormat.Fp8,
        _ => ComputeFormat.Fp4,
    };
}
