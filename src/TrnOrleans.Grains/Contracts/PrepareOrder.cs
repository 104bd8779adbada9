namespace TrnOrleans.Grains.Contracts;

/// <summary>Everything a grain needs to take its part in a run.</summary>
/// <param name="Run">The run.</param>
/// <param name="Generation">The generation it will work in.</param>
/// <param name="UltraServer">Index of the UltraServer.</param>
/// <param name="Spec">The spec as JSON: what was agreed on, whatever version reads it.</param>
[GenerateSerializer, Immutable]
public sealed record PrepareOrder([property: Id(0)] string Run, [property: Id(1)] int Generation, [property: Id(2)] int UltraServer, [property: Id(3)] string Spec);
