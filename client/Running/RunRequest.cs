using TrnOrleans.Client.Options;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;

namespace TrnOrleans.Client.Running;

/// <summary>A run that somebody wants, and what is to be done with it.</summary>
/// <param name="Spec">The run.</param>
/// <param name="Epochs">Its length in passes over the data, instead of the spec's; or null.</param>
/// <param name="Options">What is done to it and written about it.</param>
/// <param name="Save">Where its weights go at the end, or null.</param>
/// <param name="Journal">Folder for its journals, or null.</param>
/// <param name="Clock">What is modelled beside it.</param>
internal sealed record RunRequest(RunSpec Spec, double? Epochs, RunOptions Options, string? Save, string? Journal, ClockChoices Clock);
