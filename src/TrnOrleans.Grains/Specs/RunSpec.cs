using System.Text.Json.Serialization;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Training;

namespace TrnOrleans.Grains.Specs;

/// <summary>A whole training run as data. Immutable and complete: spec, data and seed decide every bit of the result.</summary>
public sealed record RunSpec
{
    /// <summary>The network.</summary>
    public NetworkDescription Model { get; init; } = new();

    /// <summary>What it learns from.</summary>
    public DataSpec Data { get; init; } = new();

    /// <summary>The emulated machine.</summary>
    public ClusterSpec Cluster { get; init; } = new();

    /// <summary>How a gradient becomes an update.</summary>
    public OptimizerSpec Optimizer { get; init; } = new();

    /// <summary>Length, batch, rates.</summary>
    public TrainingSpec Training { get; init; } = new();

    /// <summary>Number formats that it computes in.</summary>
    public PrecisionSpec Precision { get; init; } = new();

    /// <summary>Weights to start from, or null for fresh ones.</summary>
    public InitSpec? Init { get; init; }
}

/// <summary>The data of a run.</summary>
public sealed record DataSpec
{
    /// <summary>"source", a catalogue name, a text file, or a folder of IDX files.</summary>
    public string Source { get; init; } = "source";

    /// <summary>SHA-256 of the content once it has been read; a run on other content is refused.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Order of training samples.</summary>
    public SampleOrder Order { get; init; }

    /// <summary>Share of a text, at its end, that validates.</summary>
    public double ValidationFraction { get; init; } = 0.1;
}

/// <summary>The emulated machine of a run.</summary>
public sealed record ClusterSpec
{
    /// <summary>UltraServers; each holds one replica.</summary>
    [JsonPropertyName("ultraservers")]
    public int UltraServers { get; init; } = 1;

    /// <summary>Chips in each UltraServer.</summary>
    public int Chips { get; init; } = 1;

    /// <summary>Chips in all; the batch divides over them.</summary>
    [JsonIgnore]
    public int TotalChips => UltraServers * Chips;
}

/// <summary>Length, batch and rates of a run.</summary>
public sealed record TrainingSpec
{
    public long Steps { get; init; }

    /// <summary>Samples of the global batch.</summary>
    public int Batch { get; init; }

    public double LearningRate { get; init; }

    /// <summary>Where a cosine ends.</summary>
    public double MinLearningRate { get; init; }

    public ScheduleKind Schedule { get; init; }

    public long Warmup { get; init; }

    /// <summary>Largest global norm of a gradient; 0 for no clipping.</summary>
    public double Clip { get; init; }

    public ulong Seed { get; init; } = 1337;

    /// <summary>Steps between validations; 0 for one at the end only.</summary>
    public long EvalEvery { get; init; }

    /// <summary>Whether the validation set is read after a step, unless the run is stopped before: when it is due, and at the end.</summary>
    public bool ValidatesAfter(long step) => step + 1 == Steps || (EvalEvery > 0 && (step + 1) % EvalEvery == 0);

    /// <summary>The schedule as a function of the step.</summary>
    public LearningRateSchedule ToSchedule() => new(Schedule, LearningRate, MinLearningRate, Warmup, Steps);
}

/// <summary>Weights to start from.</summary>
/// <param name="Path">A safetensors file.</param>
/// <param name="Sha256">Of the file, once it has been read; another file is refused.</param>
public sealed record InitSpec(string Path, string? Sha256 = null);
