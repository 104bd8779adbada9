namespace TrnOrleans.Grains.Contracts;

/// <summary>Everything a grain needs to take its part in a generation of a run.</summary>
/// <param name="Run">The run.</param>
/// <param name="Generation">The generation it will work in.</param>
/// <param name="UltraServer">Index of the UltraServer.</param>
/// <param name="Spec">The spec as JSON: what was agreed on, whatever version reads it.</param>
/// <param name="Plan">Where everything is.</param>
/// <param name="Step">The step that the generation starts with: so many are committed.</param>
/// <param name="Source">Where to copy the replica from when this silo does not have it at that step; null at step 0, where it is made.</param>
/// <param name="Content">Files that the spec refers to.</param>
/// <param name="Options">What is done to the run and written about it.</param>
/// <param name="Failures">How often the run was laid out anew since its last committed step: attempts at the first step count on from there.</param>
/// <param name="Repeats">Steps that are computed again after a cold start, and how often they have been.</param>
/// <param name="Quarantined">Places "ultraserver/chip" whose chip is not trusted any more; as often as it was replaced.</param>
/// <param name="Validates">Whether the generation begins with a validation: it was due, and was lost.</param>
[GenerateSerializer, Immutable]
public sealed record PrepareOrder(
    [property: Id(0)] string Run, [property: Id(1)] int Generation, [property: Id(2)] int UltraServer, [property: Id(3)] string Spec,
    [property: Id(4)] PlacementPlan Plan, [property: Id(5)] long Step, [property: Id(6)] ReplicaSource? Source, [property: Id(7)] RunContent Content,
    [property: Id(9)] RunOptions Options, [property: Id(10)] int Failures = 0, [property: Id(8)] bool Validates = false,
    [property: Id(11)] RepeatedSteps Repeats = default, [property: Id(12)] IReadOnlyList<string>? Quarantined = null)
{
    /// <summary>How often the chip at a place of this UltraServer was replaced.</summary>
    public int Spare(int chip) => Quarantined?.Count(place => place == GrainKeys.Place(UltraServer, chip)) ?? 0;
}

/// <summary>Steps that cold starts have taken back: attempts at them count on, or what failed in one of them would do so for ever.</summary>
/// <param name="Below">Steps below this one have been begun before.</param>
/// <param name="ColdStarts">How often the run went back.</param>
[GenerateSerializer, Immutable]
public readonly record struct RepeatedSteps([property: Id(0)] long Below, [property: Id(1)] int ColdStarts)
{
    /// <summary>How often a step has been begun and given up by a cold start.</summary>
    public int Of(long step) => step < Below ? ColdStarts : 0;
}

/// <summary>A whole replica that can be copied.</summary>
/// <param name="Silo">Where it is.</param>
/// <param name="UltraServer">Whose.</param>
/// <param name="Digest">Of the replica; the copy must have the same.</param>
/// <param name="Checkpoints">The folder of checkpoints to read it from; null for the silo's memory.</param>
[GenerateSerializer, Immutable]
public sealed record ReplicaSource(
    [property: Id(0)] string Silo, [property: Id(1)] int UltraServer, [property: Id(2)] string Digest, [property: Id(3)] string? Checkpoints = null)
{
    /// <summary>In a few words.</summary>
    public override string ToString() => Checkpoints is null ? $"UltraServer {UltraServer}'s replica" : $"the checkpoint in {Checkpoints}";
}

/// <summary>The files that a run reads, by content; a silo that lacks one fetches it from the cluster.</summary>
/// <param name="Data">The data's files; empty when every silo finds the data by itself.</param>
/// <param name="Init">The weights to start from, or null.</param>
[GenerateSerializer, Immutable]
public sealed record RunContent([property: Id(0)] IReadOnlyList<ContentFile> Data, [property: Id(1)] ContentFile? Init)
{
    /// <summary>No files: everything is where the spec says.</summary>
    public static RunContent None { get; } = new([], null);
}

/// <summary>A file by its content.</summary>
/// <param name="Name">File name, without a folder.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">Of the bytes, in lower-case hexadecimal.</param>
[GenerateSerializer, Immutable]
public sealed record ContentFile([property: Id(0)] string Name, [property: Id(1)] long Length, [property: Id(2)] string Sha256);
