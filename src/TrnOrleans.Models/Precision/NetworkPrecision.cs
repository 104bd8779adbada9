using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Models.Precision;

/// <summary>
/// The formats of a run, with nothing left open. Products read their operands in them and accumulate in FP32; what lies between products
/// (residual stream, norms, softmax, losses, sums of biases, embeddings) is FP32, as the vector and scalar engines compute it.
/// </summary>
public sealed record NetworkPrecision
{
    /// <summary>Everything FP32.</summary>
    public static NetworkPrecision Fp32 { get; } = PrecisionRecipes.Resolve(new PrecisionSpec());

    /// <summary>Name of the recipe.</summary>
    public required string Name { get; init; }

    /// <inheritdoc cref="PrecisionSpec.Weights"/>
    public required OperandFormat Weights { get; init; }

    /// <inheritdoc cref="PrecisionSpec.Activations"/>
    public required OperandFormat Activations { get; init; }

    /// <inheritdoc cref="PrecisionSpec.Gradients"/>
    public required OperandFormat Gradients { get; init; }

    /// <inheritdoc cref="PrecisionSpec.BackwardWeights"/>
    public required OperandFormat BackwardWeights { get; init; }

    /// <inheritdoc cref="PrecisionSpec.BackwardActivations"/>
    public required OperandFormat BackwardActivations { get; init; }

    /// <inheritdoc cref="PrecisionSpec.Attention"/>
    public required NumberFormat Attention { get; init; }

    /// <inheritdoc cref="PrecisionSpec.StoredWeights"/>
    public required NumberFormat StoredWeights { get; init; }

    /// <inheritdoc cref="PrecisionSpec.Optimizer"/>
    public required NumberFormat OptimizerState { get; init; }

    /// <inheritdoc cref="PrecisionSpec.Wire"/>
    public required NumberFormat Wire { get; init; }

    /// <inheritdoc cref="PrecisionSpec.Rounding"/>
    public required Rounding Rounding { get; init; }

    /// <inheritdoc cref="PrecisionSpec.UpdateRounding"/>
    public required Rounding UpdateRounding { get; init; }

    /// <inheritdoc cref="PrecisionSpec.ScaleRule"/>
    public required ScaleRule ScaleRule { get; init; }

    /// <inheritdoc cref="PrecisionSpec.Block"/>
    public required int Block { get; init; }

    /// <inheritdoc cref="PrecisionSpec.Hadamard"/>
    public required bool Hadamard { get; init; }

    /// <inheritdoc cref="PrecisionSpec.Bf16Layers"/>
    public required Bf16Layers Bf16Layers { get; init; }

    /// <inheritdoc cref="PrecisionSpec.LossScaling"/>
    public required LossScalingKind LossScaling { get; init; }

    /// <inheritdoc cref="PrecisionSpec.LossScale"/>
    public required double LossScale { get; init; }

    /// <summary>Whether any product reads operands in another format than FP32.</summary>
    public bool IsQuantized => !(Weights.IsExact && Activations.IsExact && Gradients.IsExact && BackwardWeights.IsExact && BackwardActivations.IsExact);

    /// <summary>Bytes of a weight that one chip reads of another's shard: of the copy that products read, BF16 where codes are made of it.</summary>
    public int GatherBytes => Weights.IsExact || Weights.Element == NumberFormat.Tf32 ? 4 : 2;

    /// <summary>Bytes of a gradient between chips.</summary>
    public int WireBytes => Wire.Bits / 8;

    /// <summary>How the operands of a linear layer get into their formats.</summary>
    /// <param name="staysBf16">Whether it is one of those that stay in BF16.</param>
    internal LinearCasts CastsOf(bool staysBf16)
    {
        OperandFormat bf16 = OperandFormat.Find(NumberFormat.Bf16.Name)!;
        return new LinearCasts(
            Cast(Activations) with { Rotates = Hadamard && !staysBf16 }, Cast(Weights) with { Rotates = Hadamard && !staysBf16 }, Gradient(Gradients),
            Cast(BackwardWeights), Cast(BackwardActivations));

        // Gradients may overflow, to Inf or to NaN, where a format has either: then the loss was scaled too much.
        OperandCast Gradient(OperandFormat format)
        {
            OperandCast cast = Cast(format);
            return cast with { Saturates = cast.Format.Element.Specials == SpecialCodes.None };
        }

        OperandCast Cast(OperandFormat format) => new(staysBf16 && !format.IsExact ? bf16 : format)
        {
            Rounding = Rounding,
            Block = Block,
            Rule = ScaleRule,
            Saturates = !staysBf16 && format.Element.Bits <= 8,
        };
    }
}

/// <summary>How the operands of a linear layer get into their formats: the weight is out × in, activations are rows × in, gradients rows × out.</summary>
/// <param name="Activations">Of the forward product.</param>
/// <param name="Weights">Of the forward product.</param>
/// <param name="Gradients">Of both backward products.</param>
/// <param name="BackwardWeights">Of the gradient of the input.</param>
/// <param name="BackwardActivations">Of the gradient of the weight.</param>
internal sealed record LinearCasts(OperandCast Activations, OperandCast Weights, OperandCast Gradients, OperandCast BackwardWeights, OperandCast BackwardActivations)
{
    // Streams of a layer's randomness: a tensor that is cast twice is rounded apart each time.
    private const int Uses = 8;

    /// <summary>
    /// Whether activations are cast where they lie: forward and backward they are the same numbers, of a format in which a chip keeps them. What
    /// else reads them then, the backward pass of attention or of a ReLU, reads them as they are kept.
    /// </summary>
    internal bool CastsInPlace { get; } = Activations.Format is { IsElementWise: true, Element.IsWide: true } && !Activations.IsNone && !Activations.Rotates && Activations.Format == BackwardActivations.Format;

    /// <summary>Whether forward and backward products read the same numbers of a weight, as a chip does that keeps one copy of it.</summary>
    internal bool SharesWeights { get; } = Weights.Format.IsElementWise && !Weights.Rotates && Weights.Format == BackwardWeights.Format;

    /// <summary>The random numbers of a cast.</summary>
    /// <param name="cast">One of these.</param>
    /// <param name="seed">Of the run.</param>
    /// <param name="layer">Number of the layer among all that are linear; under 8,000.</param>
    /// <param name="use">Which cast of the operation, under eight.</param>
    /// <param name="step">The step.</param>
    /// <param name="firstRow">Of the micro-batch in the global batch; 0 for weights.</param>
    internal static OperandCast Keyed(in OperandCast cast, ulong seed, int layer, int use, uint step, long firstRow) => cast.Rounding == Rounding.Stochastic
        ? cast with { Random = new CounterRandom(seed, RandomUse.Rounding, (ushort)((layer * Uses) + use), step), FirstRow = firstRow }
        : cast;
}
