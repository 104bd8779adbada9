namespace TrnOrleans.Grains.Contracts;

/// <summary>A chip that is later than its neighbours in a step, on the machine that is emulated; how long anything takes here is not in it.</summary>
/// <param name="Rank">Index among all chips of the run.</param>
/// <param name="Kernels">Kernel steps that it computes beyond its own: a slow chip, one that begins again, or a witness.</param>
/// <param name="Seconds">In which it does nothing.</param>
[GenerateSerializer, Immutable]
public readonly record struct ChipDelay([property: Id(0)] int Rank, [property: Id(1)] double Kernels, [property: Id(2)] double Seconds);
