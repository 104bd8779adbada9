namespace TrnOrleans.Grains.Contracts;

/// <summary>The replicas that a silo holds, for whoever lays a run out anew. Key: the silo's address; it lives there.</summary>
public interface IReplicaHost : IGrainWithStringKey
{
    /// <summary>
    /// Fences: nothing of a generation below the given one works here any more. Loops end, kernels that run are waited for, and what stands
    /// then is the answer.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="below">The generation that is about to begin.</param>
    /// <param name="from">Commits from this step on are wanted.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    [ResponseTimeout("00:15:00")]
    Task<HaltReport> Halt(string run, int below, long from, CancellationToken cancellation);

    /// <summary>Floats of a replica.</summary>
    /// <param name="address">Which replica, and the step at which it must stand.</param>
    /// <param name="part">0 for the weights, then the optimizer states.</param>
    /// <param name="offset">First float.</param>
    /// <param name="length">Floats.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="StaleMessageException">it stands at another step, or is not here.</exception>
    [ResponseTimeout("00:02:00")]
    Task<TensorBlock> Read(ReplicaAddress address, int part, long offset, int length, CancellationToken cancellation);

    /// <summary>The characters that the tokens of a run stand for, in order, or null.</summary>
    /// <exception cref="StaleMessageException">nothing of the run is here.</exception>
    Task<IReadOnlyList<string>?> Vocabulary(string run, CancellationToken cancellation);

    /// <summary>Gives back the memory of all generations of a run below the given one.</summary>
    [ResponseTimeout("00:02:00")]
    Task Close(string run, int below, CancellationToken cancellation);
}

/// <summary>A replica by its place in a run.</summary>
/// <param name="Run">The run.</param>
/// <param name="UltraServer">Whose replica.</param>
/// <param name="Steps">Committed steps in it.</param>
[GenerateSerializer, Immutable]
public readonly record struct ReplicaAddress([property: Id(0)] string Run, [property: Id(1)] int UltraServer, [property: Id(2)] long Steps);

/// <summary>What a silo has of a run that stands still.</summary>
/// <param name="Replicas">The whole ones: an update that was broken off leaves none.</param>
/// <param name="Commits">In order of the steps, as far as any replica there remembers them.</param>
[GenerateSerializer, Immutable]
public sealed record HaltReport([property: Id(0)] IReadOnlyList<ReplicaState> Replicas, [property: Id(1)] IReadOnlyList<StepCommit> Commits);

/// <summary>A whole replica.</summary>
/// <param name="Silo">Where.</param>
/// <param name="UltraServer">Whose.</param>
/// <param name="Generation">The last one that worked with it.</param>
/// <param name="Steps">Committed steps in it.</param>
/// <param name="Digest">Of its weights and optimizer state.</param>
[GenerateSerializer, Immutable]
public sealed record ReplicaState(
    [property: Id(0)] string Silo, [property: Id(1)] int UltraServer, [property: Id(2)] int Generation, [property: Id(3)] long Steps,
    [property: Id(4)] string Digest);

/// <summary>A step that a replica has applied.</summary>
/// <param name="Step">The step.</param>
/// <param name="Report">What its UltraServer said of it.</param>
[GenerateSerializer, Immutable]
public readonly record struct StepCommit([property: Id(0)] long Step, [property: Id(1)] CommitReport Report);
