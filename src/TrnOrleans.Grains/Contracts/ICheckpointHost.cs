namespace TrnOrleans.Grains.Contracts;

/// <summary>The checkpoints that a silo reaches. Key: the silo's address; it lives there.</summary>
public interface ICheckpointHost : IGrainWithStringKey
{
    /// <summary>Makes the folder of a run that begins.</summary>
    /// <exception cref="RunFailedException">it cannot be written, lies where this silo keeps no checkpoints, or has checkpoints already.</exception>
    Task Begin(string folder, CancellationToken cancellation);

    /// <summary>The newest checkpoint that is whole; all of it is read and verified.</summary>
    /// <param name="folder">As the run's options name it.</param>
    /// <param name="spec">Of the run as JSON: those of others do not count; null for whichever there is.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="RunFailedException">the folder cannot be read, or lies where this silo keeps no checkpoints.</exception>
    [ResponseTimeout("00:15:00")]
    Task<CheckpointSurvey> Newest(string folder, string? spec, CancellationToken cancellation);

    /// <summary>Floats of a checkpoint.</summary>
    /// <param name="folder">As the run's options name it.</param>
    /// <param name="step">Which checkpoint.</param>
    /// <param name="part">0 for the weights, then the optimizer states.</param>
    /// <param name="offset">First float.</param>
    /// <param name="length">Floats.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="RunFailedException">it cannot be read any more.</exception>
    [ResponseTimeout("00:02:00")]
    Task<TensorBlock> Read(string folder, long step, int part, long offset, int length, CancellationToken cancellation);
}

/// <summary>What a silo finds in a folder of checkpoints.</summary>
/// <param name="Newest">The newest whole one, or null.</param>
/// <param name="Refused">Newer ones that cannot be used.</param>
[GenerateSerializer, Immutable]
public sealed record CheckpointSurvey([property: Id(0)] CheckpointState? Newest, [property: Id(1)] IReadOnlyList<RefusedCheckpoint> Refused);

/// <summary>A checkpoint that cannot be used.</summary>
/// <param name="Step">Committed steps in it.</param>
/// <param name="Why">One sentence.</param>
[GenerateSerializer, Immutable]
public sealed record RefusedCheckpoint([property: Id(0)] long Step, [property: Id(1)] string Why);

/// <summary>A whole checkpoint.</summary>
/// <param name="Silo">Who reaches it.</param>
/// <param name="Folder">As the run's options name it.</param>
/// <param name="Step">Committed steps in it.</param>
/// <param name="Digest">Of weights and optimizer state.</param>
/// <param name="Spec">Of its run, as JSON.</param>
/// <param name="Every">Steps between checkpoints.</param>
/// <param name="Keep">How many are kept.</param>
/// <param name="Commits">Of the last steps before it.</param>
[GenerateSerializer, Immutable]
public sealed record CheckpointState(
    [property: Id(0)] string Silo, [property: Id(1)] string Folder, [property: Id(2)] long Step, [property: Id(3)] string Digest,
    [property: Id(4)] string Spec, [property: Id(5)] long Every, [property: Id(6)] int Keep,
    [property: Id(7)] IReadOnlyList<StepCommit> Commits);
