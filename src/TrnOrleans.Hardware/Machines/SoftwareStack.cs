using TrnOrleans.Hardware.Fabrics;

namespace TrnOrleans.Hardware.Machines;

/// <summary>
/// How well a software stack uses a chip: one set for all models and layouts, fitted to published measurements. What of it cannot be measured
/// on a chip is taken over from the nearest one, and says so.
/// </summary>
public sealed record SoftwareStack
{
    /// <summary>Name of the software.</summary>
    public required string Name { get; init; }

    /// <summary>Name of the chip.</summary>
    public required string Chip { get; init; }

    /// <summary>How well the figures are known.</summary>
    public required Standing Known { get; init; }

    /// <summary>What they were fitted to.</summary>
    public required string Source { get; init; }

    /// <summary>Share of the tensor engine's peak that very large products reach.</summary>
    public required double TensorEfficiency { get; init; }

    /// <summary>Rows at which a product reaches half of that.</summary>
    public required double HalfRows { get; init; }

    /// <summary>Columns, and likewise depth, at which it does.</summary>
    public required double HalfColumns { get; init; }

    /// <summary>Share of the peak that the products inside attention reach.</summary>
    public required double AttentionEfficiency { get; init; }

    /// <summary>Memory traffic of a score of attention, forward, in bytes at full bandwidth; 0 where scores stay on the chip.</summary>
    public required double BytesPerScore { get; init; }

    /// <summary>Memory traffic of everything elementwise around a block, forward, in bytes a value of the residual stream at full bandwidth.</summary>
    public required double BytesPerValue { get; init; }

    /// <summary>A block's forward pass is never quicker: launching its kernels takes so long.</summary>
    public required double ForwardFloorSeconds { get; init; }

    /// <summary>The same of the backward pass.</summary>
    public required double BackwardFloorSeconds { get; init; }

    /// <summary>What every collective costs beside its messages.</summary>
    public required double CollectiveSeconds { get; init; }

    /// <summary>Share of a fabric's bandwidth that collectives reach.</summary>
    public required double FabricEfficiency { get; init; }

    /// <summary>Share of the network's bandwidth that they reach.</summary>
    public required double NetworkEfficiency { get; init; }

    /// <summary>Algorithms that its collectives know; empty for all.</summary>
    public IReadOnlyList<CollectiveAlgorithm> Algorithms { get; init; } = [];

    /// <summary>The shares above grow with the bytes of a collective to this power; they are stated for 100 MB.</summary>
    public double SizeExponent { get; init; }

    /// <summary>And small groups reach less: divided by 1 + this ÷ ranks.</summary>
    public double SmallGroupLoss { get; init; }

    /// <summary>Share of the messages between pipeline stages that nothing hides.</summary>
    public required double PipelineExposed { get; init; }

    /// <summary>Share of the data-parallel collectives that nothing hides.</summary>
    public required double DataParallelExposed { get; init; }

    /// <summary>Memory traffic of the optimizer, in bytes a parameter at full bandwidth.</summary>
    public required double OptimizerBytesPerParameter { get; init; }

    /// <summary>What a step costs however small it is.</summary>
    public required double StepSeconds { get; init; }
}
