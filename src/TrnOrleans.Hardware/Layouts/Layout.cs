using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Layouts;

/// <summary>How a training step is spread over chips. Neighbouring chips share a tensor-parallel group, then a context-parallel one, then data, then pipeline.</summary>
public sealed record Layout
{
    /// <summary>Chips that share every product of a block.</summary>
    public int TensorParallel { get; init; } = 1;

    /// <summary>Chips that share the positions of a sequence.</summary>
    public int ContextParallel { get; init; } = 1;

    /// <summary>Stages.</summary>
    public int PipelineParallel { get; init; } = 1;

    /// <summary>Copies that share the batch.</summary>
    public int DataParallel { get; init; } = 1;

    /// <summary>Chips of a data-parallel group that share its experts.</summary>
    public int ExpertParallel { get; init; } = 1;

    /// <summary>Parts of its model that each stage holds, one after the other; 1 without interleaving.</summary>
    public int Interleave { get; init; } = 1;

    /// <summary>Sequences in a micro-batch.</summary>
    public int MicroBatch { get; init; } = 1;

    /// <summary>What data-parallel chips share: 0 nothing, 1 optimizer state, 2 gradients as well, 3 weights as well.</summary>
    public int Zero { get; init; }

    /// <summary>Whether what tensor parallelism leaves whole is shared along the sequence (Korthikanti et al. 2022, §4.2.2).</summary>
    public bool SequenceParallel { get; init; }

    /// <summary>Whether attention keeps its scores on the chip (Dao et al. 2022).</summary>
    public bool FlashAttention { get; init; }

    /// <summary>What is computed twice.</summary>
    public Recompute Recompute { get; init; }

    /// <summary>All chips.</summary>
    public long Chips => (long)TensorParallel * ContextParallel * PipelineParallel * DataParallel;

    /// <summary>Micro-batches that each stage works on in a step.</summary>
    public long MicroBatches(long batch) => batch / ((long)DataParallel * MicroBatch);

    /// <summary>As the field writes it.</summary>
    public override string ToString() =>
        $"TP{TensorParallel}{(ContextParallel > 1 ? $" CP{ContextParallel}" : string.Empty)} PP{PipelineParallel} DP{DataParallel}{(ExpertParallel > 1 ? $" EP{ExpertParallel}" : string.Empty)}"
        + $"{(Interleave > 1 ? $" VP{Interleave}" : string.Empty)} micro-batch {MicroBatch}{(Zero > 0 ? $" ZeRO-{Zero}" : string.Empty)}{(SequenceParallel ? " SP" : string.Empty)}{(FlashAttention ? " flash" : string.Empty)}"
        + $" recompute {Recompute.ToString().ToLowerInvariant()}";

    /// <summary>Refuses what does not multiply out.</summary>
    /// <param name="chips">There are.</param>
    /// <param name="work">What is laid out.</param>
    /// <param name="batch">Sequences in a step.</param>
    /// <exception cref="InvalidDescriptionException">one sentence.</exception>
    public void Check(long chips, Workload work, long batch)
    {
        string? wrong = WhatIsWrong(chips, work, batch);
        if (wrong is not null)
        {
            throw new InvalidDescriptionException(wrong);
        }
    }

    /// <summary>One sentence; null when nothing is.</summary>
    internal string? WhatIsWrong(long chips, Workload work, long batch) =>
        TensorParallel < 1 || ContextParallel < 1 || PipelineParallel < 1 || DataParallel < 1 || ExpertParallel < 1 || Interleave < 1 || MicroBatch < 1 ? "every part of a layout is at least 1"
        : Zero is < 0 or > 3 ? $"ZeRO has stages 0 to 3, not {Zero}"
        : Chips != chips ? $"TP {TensorParallel} × CP {ContextParallel} × PP {PipelineParallel} × DP {DataParallel} = {Chips:N0}, and there are {chips:N0} chips"
        : batch % ((long)DataParallel * MicroBatch) != 0 ? $"a batch of {batch:N0} does not divide into DP {DataParallel} × micro-batches of {MicroBatch}"
        : work.Heads > 0 && work.Heads % TensorParallel != 0 ? $"TP {TensorParallel} does not divide the {work.Heads} heads"
        : Interleave > 1 && work.Blocks % ((long)PipelineParallel * Interleave) != 0 ? $"PP {PipelineParallel} × interleave {Interleave} does not divide the {work.Blocks} layers"
        : PipelineParallel > work.Blocks ? $"PP {PipelineParallel} is more than the {work.Blocks} layers"
        : Interleave > 1 && PipelineParallel == 1 ? "interleaving needs more than one pipeline stage"
        : Interleave > 1 && MicroBatches(batch) % PipelineParallel != 0 ? $"interleaving needs a multiple of PP {PipelineParallel} micro-batches, and there are {MicroBatches(batch):N0}"
        : work.Sequence % ContextParallel != 0 ? $"CP {ContextParallel} does not divide the sequence of {work.Sequence:N0}"
        : ExpertParallel > 1 && (work.Experts % ExpertParallel != 0 || DataParallel % ExpertParallel != 0)
        ? $"EP {ExpertParallel} must divide the {work.Experts} experts and DP {DataParallel}"
        : null;
}
