namespace TrnOrleans.Grains.Contracts;

/// <summary>What every message that can change a run carries; an older one is refused and counted.</summary>
/// <param name="Run">The run.</param>
/// <param name="Generation">Fencing number; grows with every recovery.</param>
/// <param name="Step">The step it belongs to, from 0.</param>
/// <param name="Attempt">How often the same has been asked before in this generation and step.</param>
[GenerateSerializer, Immutable]
public readonly record struct StepTicket(
    [property: Id(0)] string Run, [property: Id(1)] int Generation, [property: Id(2)] long Step, [property: Id(3)] int Attempt = 0);
