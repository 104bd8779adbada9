namespace TrnOrleans.Hardware.Clocks;

/// <summary>A chip that is behind the others when the step's collective begins.</summary>
/// <param name="Rank">Index among all chips of the run.</param>
/// <param name="Kernels">Kernel steps that it has computed beyond its own.</param>
/// <param name="Seconds">In which it did nothing.</param>
public readonly record struct LateChip(int Rank, double Kernels, double Seconds);
