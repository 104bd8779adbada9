namespace TrnOrleans.Grains.Contracts;

/// <summary>What is done to a run and written about it; nothing of it changes a bit of the result, so it is not part of the spec.</summary>
/// <param name="Journals">Whether silos keep journals of it.</param>
/// <param name="Chaos">A manifest of faults as JSON, or null.</param>
/// <param name="Checkpoints">Where and when its state is saved, or null.</param>
/// <param name="Verify">Share of the kernel steps that another chip computes again, from 0 to 1.</param>
/// <param name="NumericsEvery">Steps between two in which the first chip says what formats did to its operands; 0 for never.</param>
/// <param name="Resumes">Whether it begins with the newest checkpoint in that folder, and not with step 0.</param>
[GenerateSerializer, Immutable]
public sealed record RunOptions(
    [property: Id(0)] bool Journals, [property: Id(1)] string? Chaos, [property: Id(2)] CheckpointOptions? Checkpoints = null,
    [property: Id(3)] bool Resumes = false, [property: Id(4)] double Verify = 0, [property: Id(5)] long NumericsEvery = 0)
{
    /// <summary>Nothing.</summary>
    public static RunOptions None { get; } = new(false, null);
}

/// <summary>Where and when a run's state is saved.</summary>
/// <param name="Folder">A path that the silos reach; on a cluster, below the folder that they keep checkpoints in.</param>
/// <param name="Every">Steps between two; one more is taken at the end, and when somebody stops the run.</param>
/// <param name="Keep">How many of the newest stay.</param>
[GenerateSerializer, Immutable]
public sealed record CheckpointOptions([property: Id(0)] string Folder, [property: Id(1)] long Every, [property: Id(2)] int Keep)
{
    /// <summary>Steps between two when nobody says otherwise.</summary>
    public const long DefaultEvery = 100;

    /// <summary>How many stay when nobody says otherwise.</summary>
    public const int DefaultKeep = 3;

    /// <summary>Whether one is taken when so many steps are committed.</summary>
    public bool IsDue(long steps) => steps % Every == 0;
}

/// <summary>What became of a checkpoint.</summary>
/// <param name="Step">Committed steps in it.</param>
/// <param name="Folder">Where it is, or would have been.</param>
/// <param name="Bytes">Of its shards; 0 when it failed.</param>
/// <param name="Seconds">From the snapshot until it was on the disk.</param>
/// <param name="Failure">Why there is none, one sentence; null when there is one.</param>
[GenerateSerializer, Immutable]
public sealed record CheckpointReport(
    [property: Id(0)] long Step, [property: Id(1)] string Folder, [property: Id(2)] long Bytes, [property: Id(3)] double Seconds, [property: Id(4)] string? Failure);
