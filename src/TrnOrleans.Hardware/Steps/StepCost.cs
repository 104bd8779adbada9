namespace TrnOrleans.Hardware.Steps;

/// <summary>What a training step takes on the modelled machine. Parts are those of the slowest pipeline stage, and add up to the whole.</summary>
public sealed record StepCost
{
    /// <summary>Products with weights and inside attention.</summary>
    public required double TensorSeconds { get; init; }

    /// <summary>Everything else that is computed.</summary>
    public required double VectorSeconds { get; init; }

    /// <summary>Chips that wait for their next kernel to be launched.</summary>
    public required double LaunchSeconds { get; init; }

    /// <summary>Tensor-parallel collectives, which hide behind nothing.</summary>
    public required double TensorParallelSeconds { get; init; }

    /// <summary>Context-parallel messages that attention does not hide.</summary>
    public required double ContextParallelSeconds { get; init; }

    /// <summary>Expert-parallel collectives.</summary>
    public required double ExpertParallelSeconds { get; init; }

    /// <summary>Messages between stages.</summary>
    public required double PipelineSeconds { get; init; }

    /// <summary>Stages that wait for the first micro-batch, or for the last.</summary>
    public required double BubbleSeconds { get; init; }

    /// <summary>Data-parallel collectives that the backward pass does not hide.</summary>
    public required double DataParallelSeconds { get; init; }

    /// <summary>The update.</summary>
    public required double OptimizerSeconds { get; init; }

    /// <summary>What every step costs.</summary>
    public required double FixedSeconds { get; init; }

    /// <summary>FLOP of the model in a step, nothing counted twice.</summary>
    public required double ModelFlops { get; init; }

    /// <summary>Share of the chips' peak that those are.</summary>
    public required double Mfu { get; init; }

    /// <summary>Tokens, or samples where there are none, in a step.</summary>
    public required double Tokens { get; init; }

    /// <summary>Of a chip of the fullest stage.</summary>
    public required MemoryCost Memory { get; init; }

    /// <summary>Of a chip.</summary>
    public required double MemoryBytes { get; init; }

    /// <summary>All chips.</summary>
    public required double EnergyJoules { get; init; }

    /// <summary>All chips; null where no price is public.</summary>
    public required double? Dollars { get; init; }

    /// <summary>Bytes that a chip sends in a step, by level of the fabric.</summary>
    public required IReadOnlyList<(string Level, double Bytes)> Sent { get; init; }

    /// <summary>How the collectives are carried out.</summary>
    public required IReadOnlyList<(string Use, string Algorithm)> Algorithms { get; init; }

    /// <summary>The whole step.</summary>
    public double Seconds =>
        TensorSeconds + VectorSeconds + LaunchSeconds + TensorParallelSeconds + ContextParallelSeconds + ExpertParallelSeconds + PipelineSeconds + BubbleSeconds
        + DataParallelSeconds + OptimizerSeconds + FixedSeconds;

    /// <summary>Whether a chip can hold it.</summary>
    public bool Fits => Memory.Total <= MemoryBytes;
}
