using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Client.Running;

/// <summary>A run of a comparison.</summary>
/// <param name="Precision">Name of its recipe, or of the file that has it.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Losses">Of each step, before its update.</param>
/// <param name="Validation">At its end; null when it diverged.</param>
/// <param name="Skipped">Steps that were no update.</param>
/// <param name="RowsPerSecond">Here, in the median step.</param>
/// <param name="ModelledStepSeconds">On the machine that is emulated, undisturbed.</param>
/// <param name="Failure">Why it ended early; null when it did not.</param>
internal sealed record PrecisionRun(
    string Precision, ulong Seed, IReadOnlyList<double> Losses, ValidationEvent? Validation, long Skipped, double RowsPerSecond, double ModelledStepSeconds,
    string? Failure);
