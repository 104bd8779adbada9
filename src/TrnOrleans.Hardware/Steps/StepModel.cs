using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Numerics.Elementary;

namespace TrnOrleans.Hardware.Steps;

/// <summary>
/// Time, memory and energy of a training step: a roofline with efficiencies that depend on size, the collectives of a layout on the fabric,
/// and the pipeline's schedule. Pure; one evaluation takes microseconds.
/// </summary>
public sealed class StepModel
{
    // How sharply the time of a block goes over from its kernels to their launching when both are alike.
    private const double Sharpness = 6;

    // Assumed: what a chip draws when it waits, of what it draws at full load.
    internal const double IdlePower = 0.4;

    // FP32 softmax and its gradient over the vocabulary, in passes over a logit.
    private const double BytesPerLogit = 87;

    // Reading, adding and writing an embedding, and the same backward.
    private const double BytesPerEmbedded = 36;

    private readonly MachineSystem _system;
    private readonly Chip _chip;
    private readonly SoftwareStack _stack;
    private readonly Fabric _fabric;
    private readonly PrecisionRecipe _recipe;
    private readonly Workload _work;

    /// <exception cref="InvalidDescriptionException">the chip does not know the recipe's format.</exception>
    public StepModel(MachineSystem system, Chip chip, SoftwareStack stack, Fabric fabric, PrecisionRecipe recipe, Workload work)
    {
        (_system, _chip, _stack, _fabric, _recipe, _work) = (system, chip, stack, fabric, recipe, work);
        recipe.CheckOn(chip);
    }

    /// <summary>Costs a step.</summary>
    /// <param name="layout">Checked already.</param>
    /// <param name="batch">Sequences in the step.</param>
    public StepCost Evaluate(Layout layout, long batch)
    {
        double rows = (double)layout.MicroBatch * _work.Sequence / layout.ContextParallel;
        double activations = rows * _work.Width * _recipe.ActivationBytes;
        CollectiveTime tensorReduce = _fabric.Time(CollectiveOperation.AllReduce, activations, new RankGroup(layout.TensorParallel, 1));
        BlockTime block = BlockTime.Of(_chip, _stack, _fabric, _recipe, _work, layout, tensorReduce.Seconds);
        double again = block.Again(layout.Recompute);
        double forward = AtLeast(block.Forward, _stack.ForwardFloorSeconds);
        double backward = AtLeast(block.Backward, _stack.BackwardFloorSeconds) + (layout.Recompute == Recompute.Full ? forward : again);

        double memory = _chip.MemoryTerabytesPerSecond.Value * 1e12;
        ProductTime product = new(_chip.Peak(_recipe.Compute)!.Value, _stack);
        double headProduct = _work.Vocabulary == 0 ? 0 : 3 * product.Seconds(rows, _work.Width, (double)_work.Vocabulary / layout.TensorParallel);
        double headMemory = rows * _work.Vocabulary / layout.TensorParallel * BytesPerLogit / memory;
        double embedding = _work.Vocabulary == 0 ? 0 : rows * _work.Width * BytesPerEmbedded / memory;
        double head = _work.Vocabulary == 0 ? 0 : headProduct + headMemory + tensorReduce.Seconds;

        long micro = layout.MicroBatches(batch);

        // Of the fullest stage.
        double blocks = Math.Ceiling((double)_work.Blocks / layout.PipelineParallel);
        double middle = blocks * (forward + backward);
        double send = 0;
        if (layout.PipelineParallel > 1)
        {
            // The slowest pair of stages sets the pace: the one that is furthest out.
            double message = activations / (layout.SequenceParallel ? layout.TensorParallel : 1);
            send = 2 * layout.Interleave * _stack.PipelineExposed * _fabric.Time(CollectiveOperation.SendReceive, message, new RankGroup(layout.PipelineParallel, (int)(layout.Chips / layout.PipelineParallel))).Seconds;
        }

        // The last stage sets the pace; the others fill and drain it, the quicker the more parts each stage has.
        double bubble = (layout.PipelineParallel - 1) * (middle + send) / layout.Interleave;

        double dense = ((_work.DenseBlockParameters * blocks) + _work.TokenParameters(layout.PipelineParallel == 1)) / layout.TensorParallel;
        double experts = _work.ExpertBlockParameters * blocks / layout.TensorParallel / layout.ExpertParallel;
        int shared = layout.DataParallel * layout.ContextParallel;
        RankGroup dataGroup = new(shared, layout.TensorParallel);
        RankGroup expertGroup = new(Math.Max(1, shared / layout.ExpertParallel), layout.TensorParallel * layout.ExpertParallel);
        CollectiveTime dataReduce = _fabric.Time(CollectiveOperation.AllReduce, dense * _recipe.WireBytes, dataGroup);
        double half = (dataReduce.Seconds + _fabric.Time(CollectiveOperation.AllReduce, experts * _recipe.WireBytes, expertGroup).Seconds) / 2;

        // Of an all-reduce, one half scatters sums, the other gathers weights: once a step; ZeRO-2 keeps only sums, and scatters them for each
        // micro-batch; ZeRO-3 keeps no weights either, and gathers them for each pass.
        double halves = (layout.Zero >= 2 ? micro : 1) + (layout.Zero == 3 ? 2 * micro : 1);
        double data = half * halves * _stack.DataParallelExposed;
        double update = ((dense / (layout.Zero >= 1 ? shared : 1)) + (experts / (layout.Zero >= 1 ? expertGroup.Ranks : 1))) * _stack.OptimizerBytesPerParameter / memory;

        double passes = micro * blocks;
        double tensorTwice = (layout.Recompute == Recompute.Full ? 4 : 3) * (block.Products + block.Attention) + (layout.Recompute == Recompute.Selective ? block.Attention : 0);
        double vectorTwice = ((layout.Recompute == Recompute.None ? 3 : 4) * block.Scores) + ((layout.Recompute == Recompute.Full ? 3.6 : 2.6) * block.Elementwise);
        double collectives = layout.Recompute == Recompute.Full ? 3 : 2;
        double work = tensorTwice + vectorTwice + (collectives * (block.Tensor + block.Expert)) + ((collectives + 1) * block.Context);
        long chips = layout.Chips;
        double tokens = (double)batch * _work.Sequence;
        double flops = tokens * _work.FlopsPerToken;
        StepCost cost = new()
        {
            TensorSeconds = (passes * tensorTwice) + (micro * headProduct),
            VectorSeconds = (passes * vectorTwice) + (micro * (head - headProduct - (_work.Vocabulary == 0 ? 0 : tensorReduce.Seconds) + (layout.PipelineParallel == 1 ? embedding : 0))),
            LaunchSeconds = passes * (forward + backward - work),
            TensorParallelSeconds = (passes * collectives * block.Tensor) + (micro * tensorReduce.Seconds * (_work.Vocabulary == 0 ? 0 : layout.PipelineParallel == 1 ? 2 : 1)),
            ContextParallelSeconds = passes * (collectives + 1) * block.Context,
            ExpertParallelSeconds = passes * collectives * block.Expert,
            PipelineSeconds = micro * send,
            BubbleSeconds = bubble,
            DataParallelSeconds = data,
            OptimizerSeconds = update,
            FixedSeconds = _stack.StepSeconds,
            ModelFlops = flops,
            Mfu = 0,
            Tokens = tokens,
            Memory = MemoryCost.Of(_recipe, _work, layout, batch),
            MemoryBytes = _chip.MemoryGibibytes.Value * (1L << 30),
            EnergyJoules = 0,
            Dollars = null,
            Sent = [],
            Algorithms = [("tensor", tensorReduce.Name), ("data", dataReduce.Name)],
        };
        double seconds = cost.Seconds;
        double busy = (cost.TensorSeconds + cost.VectorSeconds) / seconds;
        return cost with
        {
            Mfu = flops / (seconds * chips * _chip.Peak(_recipe.Compute)!.Value),
            EnergyJoules = chips * seconds * _chip.PowerWatts.Value * (IdlePower + ((1 - IdlePower) * busy)),
            Dollars = _system.DollarsPerHour is { } price ? price.Value * chips / _system.ChipCount * seconds / 3600 : null,
            Sent = SentBytes(layout, activations, passes * collectives * 2, halves / 2, (dataGroup, dense * _recipe.WireBytes), (expertGroup, experts * _recipe.WireBytes), micro),
        };
    }

    private static double AtLeast(double seconds, double floor)
    {
        if (floor <= 0)
        {
            return seconds;
        }

        double ratio = Math.Min(seconds, floor) / Math.Max(seconds, floor);
        double power = ratio * ratio * ratio;
        return Math.Max(seconds, floor) * ScalarMath.Pow(1 + (power * power), 1 / Sharpness);
    }

    /// <summary>Bytes that must leave a chip on each level of the fabric, whichever algorithm carries them.</summary>
    /// <param name="layout">How the network is split.</param>
    /// <param name="activations">Bytes of a micro-batch's activations between two layers.</param>
    /// <param name="reductions">All-reduces over them, and all-to-alls where there are experts.</param>
    /// <param name="summed">How often gradients are summed, and weights gathered: an all-reduce is one of each.</param>
    /// <param name="dense">Who shares gradients that no expert has for itself, and their bytes.</param>
    /// <param name="experts">Who shares those of experts.</param>
    /// <param name="micro">Micro-batches.</param>
    private (string Level, double Bytes)[] SentBytes(
        Layout layout, double activations, double reductions, double summed, (RankGroup Group, double Bytes) dense, (RankGroup Group, double Bytes) experts, long micro)
    {
        double[] bytes = new double[_fabric.Links.Count];
        _fabric.AddReduced(new RankGroup(layout.TensorParallel, 1), activations, reductions, bytes);
        _fabric.AddReduced(dense.Group, dense.Bytes, summed, bytes);
        _fabric.AddReduced(experts.Group, experts.Bytes, summed, bytes);
        if (layout.ExpertParallel > 1)
        {
            RankGroup group = new(layout.ExpertParallel, layout.TensorParallel * layout.ContextParallel);
            _fabric.AddExchanged(group, activations * _work.ExpertsPerToken / layout.TensorParallel, reductions, bytes);
        }

        if (layout.ContextParallel > 1)
        {
            double keys = activations / _work.Width * 2 * _work.KeyWidth / layout.TensorParallel;
            bytes[_fabric.SendLevels(new RankGroup(layout.ContextParallel, layout.TensorParallel))[^1]] += reductions / 2 * (layout.ContextParallel - 1) * keys;
        }

        if (layout.PipelineParallel > 1)
        {
            bytes[_fabric.SendLevels(new RankGroup(layout.PipelineParallel, (int)(layout.Chips / layout.PipelineParallel)))[^1]] += 2.0 * micro * layout.Interleave * activations / (layout.SequenceParallel ? layout.TensorParallel : 1);
        }

        return [.. _fabric.Links.Select((link, level) => (link.Name, bytes[level]))];
    }
}
