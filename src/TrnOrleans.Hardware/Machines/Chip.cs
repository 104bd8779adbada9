namespace TrnOrleans.Hardware.Machines;

/// <summary>An accelerator as the model of time sees it.</summary>
public sealed record Chip
{
    /// <summary>What systems call it.</summary>
    public required string Name { get; init; }

    /// <summary>For people.</summary>
    public required string Summary { get; init; }

    /// <summary>Dense peak of the tensor engines by format, in 10^12 FLOP/s.</summary>
    public required IReadOnlyDictionary<string, Figure> PeakTeraflops { get; init; }

    /// <summary>HBM.</summary>
    public required Figure MemoryGibibytes { get; init; }

    /// <summary>HBM, in 10^12 bytes/s.</summary>
    public required Figure MemoryTerabytesPerSecond { get; init; }

    /// <summary>Peak of the vector engines in FP32, in 10^12 FLOP/s. What they do is bound by memory, and timed by that.</summary>
    public required Figure VectorTeraflops { get; init; }

    /// <summary>At full load.</summary>
    public required Figure PowerWatts { get; init; }

    /// <summary>Ranks that one chip is, as software sees it: logical NeuronCores at the default LNC; 1 on a GPU.</summary>
    public required Figure LogicalCores { get; init; }

    /// <summary>Peak in FLOP/s; null when the chip does not know the format.</summary>
    public double? Peak(ComputeFormat format) => PeakTeraflops.TryGetValue(Word(format), out Figure? figure) ? figure.Value * 1e12 : null;

    /// <summary>As catalogues spell it.</summary>
    public static string Word(ComputeFormat format) => format.ToString().ToLowerInvariant();
}
