using TrnOrleans.Models.Descriptions;
using TrnOrleans.Numerics.Formats;

namespace TrnOrleans.Models.Precision;

/// <summary>The recipes that have names, in the words of NeuronX Distributed and of Trainium3's formats.</summary>
/// <remarks>
/// mxfp8 has E4M3 for gradients, too, and the head in BF16 (as in "Recipes for pre-training LLMs with MXFP8", arXiv 2506.08027). fp8 has scales
/// per tensor, E4M3 forward and E5M2 backward, as Transformer Engine. Attention stays in BF16 with all of them, as tensor engines are fed today.
/// </remarks>
public static class PrecisionRecipes
{
    /// <summary>What a run has when nothing is said.</summary>
    public const string Default = "fp32";

    private const string Fp32 = "fp32";
    private const string Bf16 = "bf16";
    private const double DynamicScale = 65536;

    private static readonly string[] s_storage = ["fp32", "bf16", "fp16"];
    private static readonly string[] s_state = ["fp32", "bf16"];
    private static readonly string[] s_attention = ["fp32", "tf32", "bf16", "fp16"];

    private static readonly (string Name, PrecisionSpec Spec)[] s_all =
    [
        (Fp32, Of(Fp32, Fp32, Fp32)),
        ("tf32", Of("tf32", "tf32", Fp32)),
        (Bf16, Of(Bf16, Bf16, Bf16) with { Wire = Bf16 }),
        ("bf16SR", Of(Bf16, Bf16, Bf16) with { Wire = Bf16, UpdateRounding = Rounding.Stochastic }),
        ("mixed_precision", Of(Bf16, Bf16, Fp32) with { Wire = Bf16 }),
        ("mixed_precisionSR", Of(Bf16, Bf16, Fp32) with { Wire = Bf16, Rounding = Rounding.Stochastic }),
        ("fp8", Of("scaled_fp8_e4m3fn", Bf16, Fp32) with { Gradients = "scaled_fp8_e5m2", Wire = Bf16, Bf16Layers = Bf16Layers.Head }),
        ("mxfp8", Of("mxfp8_e4m3", Bf16, Fp32) with { Wire = Bf16, Bf16Layers = Bf16Layers.Head }),
        ("mxfp4", Of("mxfp4_e2m1", Bf16, Fp32) with
        {
            Gradients = "mxfp8_e4m3",
            BackwardWeights = "mxfp8_e4m3",
            BackwardActivations = "mxfp8_e4m3",
            Wire = Bf16,
            Bf16Layers = Bf16Layers.Head,
        }),
    ];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(r => r.Name)];

    /// <summary>A spec with nothing left open.</summary>
    /// <exception cref="InvalidDescriptionException">one sentence about what is wrong.</exception>
    public static NetworkPrecision Resolve(PrecisionSpec spec)
    {
        PrecisionSpec recipe = Array.Find(s_all, r => r.Name == spec.Recipe).Spec ?? throw Unknown("--precision", spec.Recipe, Names);
        string weights = spec.Weights ?? recipe.Weights!;
        string activations = spec.Activations ?? recipe.Activations!;
        LossScalingKind scaling = spec.LossScaling ?? (spec.LossScale is not null ? LossScalingKind.Static : LossScalingKind.None);
        NetworkPrecision precision = new()
        {
            Name = spec.Recipe,
            Weights = Operand(weights, nameof(spec.Weights)),
            Activations = Operand(activations, nameof(spec.Activations)),
            Gradients = Operand(spec.Gradients ?? recipe.Gradients!, nameof(spec.Gradients)),

            // Who changes the format of a tensor and says nothing of the way back means both.
            BackwardWeights = Operand(spec.BackwardWeights ?? (spec.Weights is null ? recipe.BackwardWeights : null) ?? weights, nameof(spec.BackwardWeights)),
            BackwardActivations = Operand(
                spec.BackwardActivations ?? (spec.Activations is null ? recipe.BackwardActivations : null) ?? activations, nameof(spec.BackwardActivations)),
            Attention = Number(spec.Attention ?? recipe.Attention!, s_attention, nameof(spec.Attention)),
            StoredWeights = Number(spec.StoredWeights ?? recipe.StoredWeights!, s_storage, nameof(spec.StoredWeights)),
            OptimizerState = Number(spec.Optimizer ?? Fp32, s_state, nameof(spec.Optimizer)),
            Wire = Number(spec.Wire ?? recipe.Wire ?? Fp32, s_state, nameof(spec.Wire)),
            Rounding = spec.Rounding ?? recipe.Rounding ?? Rounding.Nearest,
            UpdateRounding = spec.UpdateRounding ?? recipe.UpdateRounding ?? Rounding.Nearest,
            ScaleRule = spec.ScaleRule ?? ScaleRule.Trn3,
            Block = spec.Block ?? BlockFormat.StandardBlock,
            Hadamard = spec.Hadamard ?? false,
            Bf16Layers = spec.Bf16Layers ?? recipe.Bf16Layers ?? Bf16Layers.None,
            LossScaling = scaling,
            LossScale = spec.LossScale ?? (scaling == LossScalingKind.None ? 1 : DynamicScale),
        };
        Check(precision, spec);
        return NeedsScaling(precision) && spec.LossScaling is null && spec.LossScale is null
            ? precision with { LossScaling = LossScalingKind.Dynamic, LossScale = DynamicScale }
            : precision;
    }

    /// <summary>
    /// Who asks for something else than what is usual means it to change something. For what people write: a spec that is kept means what it did.
    /// </summary>
    /// <exception cref="InvalidDescriptionException">one sentence about what would change nothing.</exception>
    public static void CheckEffects(PrecisionSpec spec)
    {
        NetworkPrecision precision = Resolve(spec);
        bool hasBlocks = new[] { precision.Weights, precision.Activations, precision.Gradients, precision.BackwardWeights, precision.BackwardActivations }
            .Any(f => f.Scale == OperandScale.Block);
        bool roundsUpdates = precision.StoredWeights != NumberFormat.Fp32 || precision.OptimizerState != NumberFormat.Fp32;
        (string Key, bool IsAsked, bool Acts, string Where)[] settings =
        [
            ("block", spec.Block is not (null or BlockFormat.StandardBlock), hasBlocks, "no operand has an MX format"),
            ("scale_rule", spec.ScaleRule is not (null or ScaleRule.Trn3), hasBlocks, "no operand has an MX format"),
            ("rounding", spec.Rounding is not (null or Rounding.Nearest), precision.IsQuantized, "all operands are fp32"),
            ("update_rounding", spec.UpdateRounding is not (null or Rounding.Nearest), roundsUpdates, "stored_weights and optimizer are fp32"),
            ("bf16_layers", spec.Bf16Layers is not (null or Bf16Layers.None), precision.IsQuantized, "all operands are fp32"),
        ];
        if (settings.FirstOrDefault(s => s.IsAsked && !s.Acts) is { Key: { } key, Where: { } where })
        {
            throw new InvalidDescriptionException($"precision.{key} would change nothing here: {where}; leave it out, or choose another recipe or other formats");
        }
    }

    private static PrecisionSpec Of(string operands, string attention, string stored) => new()
    {
        Weights = operands,
        Activations = operands,
        Gradients = operands,
        Attention = attention,
        StoredWeights = stored,
    };

    /// <summary>Gradients in a format without scales that has fewer exponents than BF16 lose what is small; what is too large must show, or the scale would grow for ever.</summary>
    private static bool NeedsScaling(NetworkPrecision precision) =>
        (precision.Gradients is { IsElementWise: true, Element.IsWide: false } && CanOverflow(precision)) || precision.Attention is { IsWide: false };

    private static bool CanOverflow(NetworkPrecision precision) => precision.Gradients.Element.Specials != SpecialCodes.None;

    private static void Check(NetworkPrecision precision, PrecisionSpec spec)
    {
        if (!BlockFormat.IsBlock(precision.Block))
        {
            throw new InvalidDescriptionException(
                $"precision.block is {precision.Block}, which does not divide the {BlockFormat.ContractionTile} rows that the tensor engine contracts at once into whole vectors; choose 16, 32 (MX), 64 or 128");
        }

        if (spec.LossScale is { } scale && !(double.IsFinite(scale) && scale > 0 && Math.ScaleB(1, Math.ILogB(scale)) == scale && scale is >= 1.0 / (1 << 24) and <= 1L << 40))
        {
            throw new InvalidDescriptionException($"precision.loss_scale is {scale}; it must be a power of two between 2^-24 and 2^40, so that scaling rounds nothing");
        }

        if (spec is { LossScale: not null, LossScaling: LossScalingKind.None })
        {
            throw new InvalidDescriptionException("precision has a loss_scale, and its loss_scaling is none; leave one out");
        }

        if (precision.LossScaling == LossScalingKind.Dynamic && precision.Gradients.IsElementWise && !CanOverflow(precision))
        {
            throw new InvalidDescriptionException(
                $"precision.loss_scaling is dynamic, and gradients in {precision.Gradients} saturate and never overflow, so that the scale would grow for ever; give a loss_scale, which stays");
        }

        if (precision.Hadamard && (precision.Weights.IsExact || precision.Activations.IsExact))
        {
            throw new InvalidDescriptionException("precision.hadamard turns operands before they are quantised, and this recipe leaves them in fp32; choose a recipe such as mxfp4");
        }
    }

    private static OperandFormat Operand(string name, string key) =>
        OperandFormat.Find(name) ?? throw Unknown(Key(key), name, [.. OperandFormat.All.Select(f => f.Name)]);

    private static NumberFormat Number(string name, string[] choices, string key) =>
        choices.Contains(name) ? NumberFormat.All.First(f => f.Name == name) : throw Unknown(Key(key), name, choices);

    private static string Key(string property) => $"precision.{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(property)}";

    private static InvalidDescriptionException Unknown(string where, string name, IReadOnlyList<string> known) =>
        new($"{where} knows no {(name.Length == 0 ? "format without a name" : name)}; it takes {string.Join(", ", known)}");
}
