using TrnOrleans.Hardware.Layouts;

namespace TrnOrleans.Hardware.Steps;

/// <summary>What a chip of the fullest pipeline stage must hold, in bytes.</summary>
/// <param name="Weights">Weights as they are computed with.</param>
/// <param name="Gradients">Gradients.</param>
/// <param name="States">Master copy and optimizer states.</param>
/// <param name="Activations">Kept for the backward pass, of all micro-batches in flight.</param>
public readonly record struct MemoryCost(double Weights, double Gradients, double States, double Activations)
{
    // Of a block of GPT: 3 of queries, keys and values, 1 of the projection, 4 and 4 of the hidden layer.
    private const double GptSides = 12;

    /// <summary>All.</summary>
    public double Total => Weights + Gradients + States + Activations;

    /// <summary>Activations by Korthikanti et al. 2022, table 2, in bytes of 2 a value; scaled with the recipe.</summary>
    internal static MemoryCost Of(PrecisionRecipe recipe, Workload work, Layout layout, long batch)
    {
        double split = layout.TensorParallel;
        double stageBlocks = Math.Ceiling((double)work.Blocks / layout.PipelineParallel);
        bool isWhole = layout.PipelineParallel == 1;
        double dense = ((stageBlocks * work.DenseBlockParameters) + work.TokenParameters(isWhole)) / split;
        double experts = stageBlocks * work.ExpertBlockParameters / split / layout.ExpertParallel;
        double rows = (double)layout.MicroBatch * work.Sequence / layout.ContextParallel;
        double whole = layout.SequenceParallel ? 1 / split : 1;

        // Of each row and width: 10 bytes that tensor parallelism leaves whole, and 24 that it splits in a block of GPT, whose products have
        // twelve times the width in sides that are split; others in proportion.
        double sides = work.Products.Sum(p => (p.SplitsColumns ? (double)p.Columns : p.Depth) * (p.IsExpert ? work.ExpertsPerToken : 1)) / (GptSides * work.Width);
        double perBlock = rows * work.Width * ((10 * whole) + (24 * sides / split));
        double scores = !layout.FlashAttention && layout.Recompute == Recompute.None ? 5 * work.Heads * rows * work.Sequence / split : 0;
        double kept = layout.Recompute == Recompute.Full ? 2 * rows * work.Width * whole : perBlock + scores;

        // 1F1B: as many micro-batches as there are stages; interleaved, some more (Korthikanti et al. 2022, section 4.2.3).
        double flying = layout.Interleave > 1
            ? layout.PipelineParallel * (1 + ((layout.PipelineParallel - 1.0) / (layout.PipelineParallel * layout.Interleave)))
            : Math.Min(layout.MicroBatches(batch), layout.PipelineParallel);
        double logits = isWhole ? 4 * rows * work.Vocabulary / split : 0;
        double activations = (recipe.ActivationBytes / 2 * ((kept * stageBlocks * flying) + (layout.Recompute == Recompute.Full ? perBlock : 0))) + logits;
        return new MemoryCost(
            recipe.WeightBytes * Shared(layout.Zero >= 3),
            recipe.GradientBytes * Shared(layout.Zero >= 2),
            recipe.StateBytes * Shared(layout.Zero >= 1),
            activations);

        double Shared(bool isShared)
        {
            double copies = isShared ? (double)layout.DataParallel * layout.ContextParallel : 1;
            return (dense / copies) + (experts / Math.Max(1, copies / (isShared ? layout.ExpertParallel : 1)));
        }
    }
}
