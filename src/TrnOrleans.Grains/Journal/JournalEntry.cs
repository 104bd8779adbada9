using System.Text.Json.Serialization;

namespace TrnOrleans.Grains.Journal;

/// <summary>
/// Something that a run's journal must account for. Entries are appended, one JSON object a line, by the silo where it happened; together
/// the journals of all silos say what was done to a run and what it did.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "entry")]
[JsonDerivedType(typeof(RunBegun), "begun")]
[JsonDerivedType(typeof(GenerationBegun), "generation")]
[JsonDerivedType(typeof(StepCommitted), "commit")]
[JsonDerivedType(typeof(FaultInjected), "fault")]
[JsonDerivedType(typeof(FaultDetected), "detection")]
[JsonDerivedType(typeof(RunRecovered), "recovery")]
[JsonDerivedType(typeof(ChipQuarantined), "quarantine")]
[JsonDerivedType(typeof(CheckpointWritten), "checkpoint")]
[JsonDerivedType(typeof(CheckpointFailed), "checkpoint_failure")]
[JsonDerivedType(typeof(RunOver), "over")]
public abstract record JournalEntry
{
    /// <summary>When it was written, by the silo's clock.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The silo that wrote it.</summary>
    public string Silo { get; init; } = string.Empty;

    /// <summary>Counts the entries of this journal file, from 0: a gap is a lost entry.</summary>
    public long Number { get; init; }
}

/// <summary>The run was started.</summary>
/// <param name="Run">Its id.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="UltraServers">Replicas.</param>
/// <param name="Chips">In each UltraServer.</param>
/// <param name="CheckpointEvery">Steps between checkpoints; 0 without any.</param>
public sealed record RunBegun(string Run, long Steps, [property: JsonPropertyName("ultraservers")] int UltraServers, int Chips, long CheckpointEvery = 0) : JournalEntry;

/// <summary>A generation was laid out and begins.</summary>
/// <param name="Generation">Fencing number.</param>
/// <param name="Step">Its first step: so many are committed.</param>
/// <param name="Silos">Which silos it is on.</param>
public sealed record GenerationBegun(int Generation, long Step, IReadOnlyList<string> Silos) : JournalEntry;

/// <summary>A replica has applied a step.</summary>
/// <param name="Generation">Of the UltraServer that did it.</param>
/// <param name="Step">The step.</param>
/// <param name="UltraServer">Whose replica.</param>
/// <param name="Digest">Of the replica, with the step in it.</param>
public sealed record StepCommitted(int Generation, long Step, [property: JsonPropertyName("ultraserver")] int UltraServer, string Digest) : JournalEntry;

/// <summary>A fault was injected; written before it takes effect.</summary>
/// <param name="Kind">What kind.</param>
/// <param name="Site">Where.</param>
/// <param name="Generation">The generation that it meets.</param>
/// <param name="Step">The step that it meets.</param>
/// <param name="Attempt">The attempt at that step.</param>
public sealed record FaultInjected(string Kind, string Site, int Generation, long Step, int Attempt) : JournalEntry;

/// <summary>Something was found wrong, before it could do harm.</summary>
/// <param name="What">One sentence.</param>
/// <param name="Site">Where.</param>
/// <param name="Generation">The generation.</param>
/// <param name="Step">The step; null where only the generation is known, as when a silo is lost.</param>
/// <param name="IsCorruption">Whether bits were other than they must be, with no error from anybody.</param>
public sealed record FaultDetected(string What, string Site, int Generation, long? Step, bool IsCorruption) : JournalEntry;

/// <summary>The run goes on after a failure.</summary>
/// <param name="Why">What failed.</param>
/// <param name="Generation">The generation that goes on.</param>
/// <param name="Step">Its first step.</param>
/// <param name="RecomputedSteps">Steps that were in flight, or that a cold start has lost, and are computed again.</param>
/// <param name="RecoverySeconds">From the detection until all train again.</param>
/// <param name="IsCold">Whether it goes on from a checkpoint, because no replica was left.</param>
public sealed record RunRecovered(string Why, int Generation, long Step, long RecomputedSteps, double RecoverySeconds, bool IsCold) : JournalEntry;

/// <summary>A chip has computed other bits than two others; a spare takes its place.</summary>
/// <param name="Place">"ultraserver/chip".</param>
/// <param name="Generation">The generation in which it was found out.</param>
/// <param name="Step">The step.</param>
public sealed record ChipQuarantined(string Place, int Generation, long Step) : JournalEntry;

/// <summary>A checkpoint is on the disk, whole.</summary>
/// <param name="Generation">Of the UltraServer that it is of.</param>
/// <param name="Step">Committed steps in it.</param>
/// <param name="Digest">Of weights and optimizer state.</param>
/// <param name="Folder">Where.</param>
/// <param name="Bytes">Of its shards.</param>
/// <param name="WriteSeconds">From the snapshot until it was on the disk.</param>
public sealed record CheckpointWritten(int Generation, long Step, string Digest, string Folder, long Bytes, double WriteSeconds) : JournalEntry;

/// <summary>A checkpoint could not be written; the one before stays.</summary>
/// <param name="Generation">Of the UltraServer that it would have been of.</param>
/// <param name="Step">Committed steps that would have been in it.</param>
/// <param name="Why">One sentence.</param>
public sealed record CheckpointFailed(int Generation, long Step, string Why) : JournalEntry;

/// <summary>The run is over.</summary>
/// <param name="Steps">Committed steps.</param>
/// <param name="Digest">Of all replicas; null when it failed.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
public sealed record RunOver(long Steps, string? Digest, string? Error) : JournalEntry;
