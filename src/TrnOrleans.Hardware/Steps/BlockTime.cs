using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;

namespace TrnOrleans.Hardware.Steps;

/// <summary>Seconds of one block's forward pass with one micro-batch on one chip, in parts.</summary>
/// <param name="Products">Tensor engine, products with weights.</param>
/// <param name="Attention">Tensor engine, inside attention.</param>
/// <param name="Scores">Memory, scores of attention.</param>
/// <param name="Elementwise">Memory, the rest.</param>
/// <param name="Tensor">Tensor-parallel collectives.</param>
/// <param name="Context">What of context-parallel messages attention does not hide.</param>
/// <param name="Expert">Expert-parallel collectives.</param>
internal readonly record struct BlockTime(double Products, double Attention, double Scores, double Elementwise, double Tensor, double Context, double Expert)
{
    // Backward, every product is two: with the weights and with the activations.
    private const double BackwardProducts = 2;

    // Reads the gradient beside what forward read, and writes as much.
    private const double BackwardElementwise = 1.6;

    internal double Forward => Products + Attention + Scores + Elementwise + Tensor + Context + Expert;

    internal double Backward => (BackwardProducts * (Products + Attention + Scores)) + (BackwardElementwise * Elementwise) + Tensor + (BackwardProducts * Context) + Expert;

    /// <summary>The part of the forward pass that is done once more before the backward pass.</summary>
    internal double Again(Recompute recompute) => recompute switch
    {
        Recompute.Full => Forward,
        Recompute.Selective => Attention + Scores,
        _ => 0,
    };

    internal static BlockTime Of(Chip chip, SoftwareStack stack, Fabric fabric, PrecisionRecipe recipe, Workload work, Layout layout, double tensorReduce)
    {
        double rows = (double)layout.MicroBatch * work.Sequence / layout.ContextParallel;
        ProductTime product = new(chip.Peak(recipe.Compute)!.Value, stack);
        double products = 0;
        foreach (Product p in work.Products)
        {
            double split = layout.TensorParallel;
            double depth = p.SplitsColumns ? p.Depth : p.Depth / split;
            double columns = p.SplitsColumns ? p.Columns / split : p.Columns;
            if (p.IsExpert)
            {
                // Evenly routed: the experts here get the rows of all chips that share them.
                double here = (double)work.Experts / layout.ExpertParallel;
                products += here * product.Seconds(rows * work.ExpertsPerToken / here, depth, columns);
            }
            else
            {
                products += product.Seconds(rows, depth, columns);
            }
        }

        // Softmax and the like are not done in fewer bits than BF16, and neither are their products.
        double attentionPeak = Math.Min(chip.Peak(recipe.Compute)!.Value, chip.Peak(ComputeFormat.Bf16)!.Value);
        double scores = rows * work.Sequence / layout.TensorParallel;
        double attention = work.Heads == 0 ? 0 : 4 * scores * work.QueryWidth / (attentionPeak * stack.AttentionEfficiency);
        double memory = chip.MemoryTerabytesPerSecond.Value * 1e12;
        double width = recipe.ActivationBytes / 2;
        double scoreSeconds = layout.FlashAttention ? 0 : work.Heads * scores * stack.BytesPerScore * width / memory;
        double shared = layout.SequenceParallel ? 1.0 / layout.TensorParallel : 1;
        double elementwise = rows * work.Width * stack.BytesPerValue * width * (shared + (0.8 / layout.TensorParallel)) / memory;

        // Sequence parallelism makes two halves of each all-reduce, of the same time.
        double exchanged = rows * work.Width * recipe.ActivationBytes;
        double tensor = work.Heads == 0 ? 0 : 2 * tensorReduce;
        double context = 0;
        if (layout.ContextParallel > 1)
        {
            // Keys and values go round while attention works on those that are here; the round is as slow as its longest way.
            double keys = rows * 2 * work.KeyWidth / layout.TensorParallel * recipe.ActivationBytes;
            double round = (layout.ContextParallel - 1) * fabric.Time(CollectiveOperation.SendReceive, keys, new RankGroup(layout.ContextParallel, layout.TensorParallel)).Seconds;
            context = Math.Max(0, round - attention - scoreSeconds);
        }

        double expert = layout.ExpertParallel == 1 ? 0
            : 2 * fabric.Time(CollectiveOperation.AllToAll, exchanged * work.ExpertsPerToken / layout.TensorParallel, new RankGroup(layout.ExpertParallel, layout.TensorParallel * layout.ContextParallel)).Seconds;
        return new BlockTime(products, attention, scoreSeconds, elementwise, tensor, context, expert);
    }
}
