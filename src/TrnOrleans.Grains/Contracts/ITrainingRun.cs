using TrnOrleans.Grains.Collectives;

namespace TrnOrleans.Grains.Contracts;

/// <summary>One training job: supervises its UltraServers and keeps its history. It is not on the path of a step. Key: the run's id.</summary>
public interface ITrainingRun : IGrainWithStringKey
{
    /// <summary>Prepares and starts the run; a second call with the same spec changes nothing.</summary>
    /// <param name="spec">The resolved spec as JSON.</param>
    /// <param name="content">Files that it refers to, which the cluster has; <see cref="RunContent.None"/> when every silo finds them itself.</param>
    /// <param name="options">What is done to the run and written about it; of the first start.</param>
    /// <param name="cancellation">Gives up preparing.</param>
    /// <exception cref="RunFailedException">another spec under the same id, or the run cannot be prepared.</exception>
    [ResponseTimeout("00:15:00")]
    Task Start(string spec, RunContent content, RunOptions options, CancellationToken cancellation);

    /// <summary>Ends the run at the next step boundary.</summary>
    Task Stop(CancellationToken cancellation);

    /// <summary>All events from a place in the history on, until the run is over.</summary>
    /// <param name="from">The place; 0 for all.</param>
    /// <param name="history">Which telling the place belongs to (<see cref="RunStatus.History"/>); of no matter for place 0.</param>
    /// <param name="cancellation">Follows no longer.</param>
    /// <exception cref="RunMovingException">the run is told anew, or moves: ask for its status, and again.</exception>
    IAsyncEnumerable<RunEvent> Follow(int from, Guid history, CancellationToken cancellation = default);

    /// <summary>Floats of the flat weights of a run that is over.</summary>
    [ResponseTimeout("00:02:00")]
    Task<TensorBlock> ReadWeights(long offset, int length, CancellationToken cancellation);

    /// <summary>The characters that the tokens of a language model stand for, in order; null for other networks.</summary>
    Task<IReadOnlyList<string>?> Vocabulary(CancellationToken cancellation);

    /// <summary>Gives back all memory of a run; its history stays.</summary>
    [ResponseTimeout("00:02:00")]
    Task Close(CancellationToken cancellation);

    /// <summary>Whoever calls needs the weights no more: once the run is over and nobody follows it, its memory is given back.</summary>
    Task Release(CancellationToken cancellation);

    /// <summary>How the run stands.</summary>
    Task<RunStatus> Status(CancellationToken cancellation);

    /// <summary>The spec of the run as JSON.</summary>
    /// <exception cref="RunFailedException">there is no such run.</exception>
    Task<string> Spec(CancellationToken cancellation);

    /// <summary>From a silo that is about to stop: returns when nothing of the run is there any more.</summary>
    /// <param name="silo">Its address.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    [ResponseTimeout("00:05:00")]
    Task Leave(string silo, CancellationToken cancellation);

    /// <summary>From the silo that the run's own grain is on: it moves to another.</summary>
    [ResponseTimeout("00:02:00")]
    Task MoveAway(CancellationToken cancellation);

    /// <summary>From an UltraServer: a step was committed on its replica.</summary>
    Task Committed(StepTicket ticket, CommitReport report, CancellationToken cancellation);

    /// <summary>From a silo: what became of a checkpoint. One that is on the disk counts, whatever generation has begun since.</summary>
    Task Checkpointed(StepTicket ticket, CheckpointReport report, CancellationToken cancellation);

    /// <summary>From an UltraServer: its part of a validation.</summary>
    Task Validated(StepTicket ticket, ValidationReport report, CancellationToken cancellation);

    /// <summary>From an UltraServer: it stands at the end.</summary>
    Task Finished(StepTicket ticket, FinishReport report, CancellationToken cancellation);

    /// <summary>From an UltraServer: it stands at a step boundary, for a new generation to go on from.</summary>
    Task Paused(StepTicket ticket, FinishReport report, CancellationToken cancellation);

    /// <summary>From an UltraServer: it cannot go on.</summary>
    /// <param name="ticket">Where it stands.</param>
    /// <param name="report">What went wrong.</param>
    /// <param name="cancellation">Gives up.</param>
    Task Failed(StepTicket ticket, FailureReport report, CancellationToken cancellation);
}

/// <summary>What an UltraServer says of a committed step.</summary>
/// <param name="UltraServer">Its index.</param>
/// <param name="Loss">Global mean.</param>
/// <param name="GradientNorm">Global norm before clipping; 0 when neither clipping nor a scaled loss asks for it, and in a skipped step.</param>
/// <param name="StepSeconds">Wall time of the step on its silo.</param>
/// <param name="Delays">Chips for which all others waited, in modelled time, in order of their ranks; null or empty for none.</param>
/// <param name="LossScale">By which losses were multiplied; 0 where they are not.</param>
/// <param name="IsSkipped">Whether the step was no update, because its gradient had overflowed.</param>
/// <param name="SkippedSteps">Such steps so far, this one among them.</param>
/// <param name="Numerics">What formats did to operands, in some steps, from the first UltraServer; else null.</param>
[GenerateSerializer, Immutable]
public readonly record struct CommitReport(
    [property: Id(0)] int UltraServer, [property: Id(1)] double Loss, [property: Id(2)] double GradientNorm, [property: Id(3)] double StepSeconds,
    [property: Id(4)] ChipDelay[]? Delays = null, [property: Id(5)] double LossScale = 0, [property: Id(6)] bool IsSkipped = false, [property: Id(7)] long SkippedSteps = 0, [property: Id(8)] TensorNumerics[]? Numerics = null);

/// <summary>Why an UltraServer cannot go on.</summary>
/// <param name="Message">One sentence for the user.</param>
/// <param name="Diverged">Whether a number became none: if it does so again in the same step, the training itself is at fault.</param>
/// <param name="Liars">Places "ultraserver/chip" of chips that computed other bits than two others.</param>
[GenerateSerializer, Immutable]
public readonly record struct FailureReport([property: Id(0)] string Message, [property: Id(1)] bool Diverged, [property: Id(2)] IReadOnlyList<string> Liars);

/// <summary>An UltraServer's part of a validation.</summary>
/// <param name="UltraServer">Its index.</param>
/// <param name="Part">Sums over its samples.</param>
/// <param name="Digest">Of its replica.</param>
[GenerateSerializer, Immutable]
public readonly record struct ValidationReport([property: Id(0)] int UltraServer, [property: Id(1)] EvaluationPart Part, [property: Id(2)] string Digest);

/// <summary>How an UltraServer stands at the end of a generation.</summary>
/// <param name="UltraServer">Its index.</param>
/// <param name="Steps">Committed steps.</param>
/// <param name="Digest">Of its replica.</param>
/// <param name="StaleMessages">Messages refused or dropped.</param>
/// <param name="Links">From the first UltraServer of a silo: what the silo sent to others.</param>
/// <param name="Work">What its chips and its switch have done in the generation; from the first UltraServer of a silo, what the silo's part of the all-reduce has done, too.</param>
/// <param name="SkippedSteps">Of all steps from the first on, those that were no update because their gradient had overflowed.</param>
/// <param name="LossScale">By which the next loss would be multiplied.</param>
[GenerateSerializer, Immutable]
public readonly record struct FinishReport(
    [property: Id(0)] int UltraServer, [property: Id(1)] long Steps, [property: Id(2)] string Digest, [property: Id(3)] long StaleMessages,
    [property: Id(4)] IReadOnlyList<LinkTraffic> Links, [property: Id(5)] WorkCount Work, [property: Id(6)] long SkippedSteps, [property: Id(7)] double LossScale);

/// <summary>Sums over validation samples.</summary>
/// <param name="LossSum">In nats, in double.</param>
/// <param name="Rows">Rows counted.</param>
/// <param name="Hits">Rows whose largest logit was the target's.</param>
[GenerateSerializer, Immutable]
public readonly record struct EvaluationPart([property: Id(0)] double LossSum, [property: Id(1)] long Rows, [property: Id(2)] long Hits)
{
    /// <summary>Both together; the order of additions is the callers' to fix.</summary>
    public EvaluationPart Add(EvaluationPart other) => new(LossSum + other.LossSum, Rows + other.Rows, Hits + other.Hits);
}
