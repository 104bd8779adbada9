namespace TrnOrleans.Grains.Contracts;

/// <summary>Where a run stands in its life.</summary>
public enum RunState
{
    /// <summary>Nobody has started it.</summary>
    Unknown,

    /// <summary>Replicas are being built.</summary>
    Preparing,

    /// <summary>Steps are being committed.</summary>
    Running,

    /// <summary>All steps are committed.</summary>
    Ended,

    /// <summary>Somebody ended it early.</summary>
    Stopped,

    /// <summary>It stopped with an error that has a name.</summary>
    Failed,
}

/// <summary>How a run stands.</summary>
/// <param name="Id">The run.</param>
/// <param name="State">Where it stands in its life.</param>
/// <param name="Model">The family of its network.</param>
/// <param name="UltraServers">Of the emulated machine.</param>
/// <param name="Chips">In each UltraServer.</param>
/// <param name="Steps">Committed steps.</param>
/// <param name="TotalSteps">Steps in all.</param>
/// <param name="Loss">Of the last committed step; null before the first.</param>
/// <param name="Started">When it was started.</param>
/// <param name="Generation">Fencing number.</param>
/// <param name="Plan">Where everything is; null when nothing is anywhere.</param>
/// <param name="Digest">At the end; null before.</param>
/// <param name="Error">Why it failed, or null.</param>
/// <param name="History">Which telling of the run's events this is: places in one mean nothing in another, which a grain begins that knows less than the one before.</param>
[GenerateSerializer, Immutable]
public sealed record RunStatus(
    [property: Id(0)] string Id, [property: Id(1)] RunState State, [property: Id(2)] string Model, [property: Id(3)] int UltraServers,
    [property: Id(4)] int Chips, [property: Id(5)] long Steps, [property: Id(6)] long TotalSteps, [property: Id(7)] double? Loss,
    [property: Id(8)] DateTimeOffset Started, [property: Id(9)] int Generation, [property: Id(10)] PlacementPlan? Plan,
    [property: Id(11)] string? Digest, [property: Id(12)] string? Error, [property: Id(13)] Guid History);
