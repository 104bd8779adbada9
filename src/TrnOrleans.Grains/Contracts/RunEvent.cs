using TrnOrleans.Grains.Collectives;

namespace TrnOrleans.Grains.Contracts;

/// <summary>Something that happened in a run, in order; a client that comes late gets them all.</summary>
[GenerateSerializer]
public abstract record RunEvent;

/// <summary>A step was committed.</summary>
/// <param name="Step">From 0.</param>
/// <param name="Loss">Global mean before the update, in nats.</param>
/// <param name="LearningRate">Used in the update.</param>
/// <param name="GradientNorm">Global norm before clipping; 0 when neither clipping nor a scaled loss asks for it, and in a skipped step.</param>
/// <param name="RowsPerSecond">Tokens (or samples) a second of wall time, in this step.</param>
/// <param name="Delays">Chips for which all others waited, in modelled time, in order of their ranks.</param>
/// <param name="LossScale">By which losses were multiplied before the backward pass; 0 where they are not.</param>
/// <param name="IsSkipped">Whether the step was no update, because its gradient had overflowed.</param>
/// <param name="SkippedSteps">Such steps so far, this one among them.</param>
[GenerateSerializer]
public sealed record StepEvent(
    [property: Id(0)] long Step, [property: Id(1)] double Loss, [property: Id(2)] double LearningRate, [property: Id(3)] double GradientNorm,
    [property: Id(4)] double RowsPerSecond, [property: Id(5)] ChipDelay[] Delays, [property: Id(6)] double LossScale, [property: Id(7)] bool IsSkipped,
    [property: Id(8)] long SkippedSteps) : RunEvent;

/// <summary>What formats did to the operands of the first chip, in a step in which somebody asked.</summary>
/// <param name="Step">From 0.</param>
/// <param name="Tensors">In the order in which they are used.</param>
[GenerateSerializer]
public sealed record NumericsEvent([property: Id(0)] long Step, [property: Id(1)] TensorNumerics[] Tensors) : RunEvent;

/// <summary>The validation set was read through, after a number of committed steps.</summary>
/// <param name="Step">Committed steps so far.</param>
/// <param name="Loss">Mean in nats.</param>
/// <param name="Accuracy">Share of rows whose largest logit is the target's.</param>
/// <param name="Digest">Of weights and optimizer state, equal on all replicas.</param>
/// <param name="Rows">Rows that were counted.</param>
[GenerateSerializer]
public sealed record ValidationEvent(
    [property: Id(0)] long Step, [property: Id(1)] double Loss, [property: Id(2)] double Accuracy, [property: Id(3)] string Digest,
    [property: Id(4)] long Rows) : RunEvent;

/// <summary>The run is over; its weights can be read until it is closed.</summary>
/// <param name="Steps">Committed steps.</param>
/// <param name="Stopped">Whether somebody asked it to stop early.</param>
/// <param name="Digest">Of weights and optimizer state.</param>
/// <param name="RowsPerSecond">Tokens (or samples) a second of wall time in the median step.</param>
/// <param name="WallSeconds">From the start of the run to its end, preparation and validations included.</param>
/// <param name="StaleMessages">Messages refused or dropped for their generation or step, or because they came twice.</param>
/// <param name="Generations">How many generations it took; one when nothing moved.</param>
/// <param name="Links">What went over the links between silos.</param>
/// <param name="Work">What was counted in generations that came to their end; those that were broken off take their counts with them.</param>
[GenerateSerializer]
public sealed record EndEvent(
    [property: Id(0)] long Steps, [property: Id(1)] bool Stopped, [property: Id(2)] string Digest, [property: Id(3)] double RowsPerSecond,
    [property: Id(4)] double WallSeconds, [property: Id(5)] long StaleMessages, [property: Id(6)] int Generations,
    [property: Id(7)] IReadOnlyList<LinkTraffic> Links, [property: Id(8)] WorkCount Work) : RunEvent;

/// <summary>A generation begins: the run is laid out over its silos, at the start or anew at a step boundary.</summary>
/// <param name="Generation">From 1.</param>
/// <param name="Step">The first step of it.</param>
/// <param name="Plan">Where everything is.</param>
[GenerateSerializer]
public sealed record LayoutEvent([property: Id(0)] int Generation, [property: Id(1)] long Step, [property: Id(2)] PlacementPlan Plan) : RunEvent;

/// <summary>Something failed, and the run goes on; the layout that comes next says how.</summary>
/// <param name="Why">One sentence for the user.</param>
/// <param name="Step">The step that is computed next: so many are committed.</param>
/// <param name="Recomputed">Steps that were in flight and are computed again: 0 or 1, or more after a cold start from a checkpoint.</param>
/// <param name="Seconds">From the detection until all UltraServers train again.</param>
[GenerateSerializer]
public sealed record RecoveryEvent(
    [property: Id(0)] string Why, [property: Id(1)] long Step, [property: Id(2)] long Recomputed, [property: Id(3)] double Seconds) : RunEvent;

/// <summary>A checkpoint was written, or could not be.</summary>
/// <param name="Report">What became of it.</param>
[GenerateSerializer]
public sealed record CheckpointEvent([property: Id(0)] CheckpointReport Report) : RunEvent;

/// <summary>The run stopped with an error that has a name.</summary>
/// <param name="Message">One sentence for the user.</param>
[GenerateSerializer]
public sealed record FailedEvent([property: Id(0)] string Message) : RunEvent;
