using TrnOrleans.Grains.Contracts;
using TrnOrleans.Models.Precision;

namespace TrnOrleans.Client.Running;

/// <summary>How a run ended, for the summary.</summary>
/// <param name="End">Its last event.</param>
/// <param name="LastStep">The last committed step, or null when there was none.</param>
/// <param name="LastValidation">The last validation, or null when the run was stopped before one.</param>
/// <param name="LastCheckpoint">What became of the last checkpoint, or null when none was due.</param>
/// <param name="SkippedSteps">Steps that were no update, because their gradient had overflowed.</param>
/// <param name="LastNumerics">What formats did to operands, when that was last asked; or null.</param>
/// <param name="Modelled">What it took on the machine that is emulated.</param>
/// <param name="Precision">Number formats.</param>
/// <param name="SavedTo">Where weights were saved, or null.</param>
/// <param name="Sample">Generated text, or null.</param>
/// <param name="PeakMemoryBytes">Largest resident memory of this process so far.</param>
internal sealed record RunResult(
    EndEvent End, StepEvent? LastStep, ValidationEvent? LastValidation, CheckpointReport? LastCheckpoint, long SkippedSteps, NumericsEvent? LastNumerics, ModelledRun Modelled,
    NetworkPrecision Precision, string? SavedTo, string? Sample, long PeakMemoryBytes);
