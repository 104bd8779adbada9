using System.Globalization;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;

namespace TrnOrleans.Client.Output;

/// <summary>What is said at the end of a run, as label and text.</summary>
internal static class Summary
{
    internal static IEnumerable<(string Label, string Text)> Of(RunInputs inputs, RunResult result)
    {
        EndEvent end = result.End;
        yield return (end.Stopped ? "stopped" : "done", $"{Words.Count(end.Steps, "step")} in {Words.Seconds(end.WallSeconds)}, {end.RowsPerSecond:N0} {Words.Rows(inputs.Spec.Model)}/s");
        if (result.LastStep is { } step)
        {
            yield return ("loss", $"{step.Loss.ToString("F4", CultureInfo.InvariantCulture)} in the last step");
        }

        if (result.LastValidation is { } validation)
        {
            yield return ("validation", $"loss {validation.Loss.ToString("F4", CultureInfo.InvariantCulture)}, accuracy {validation.Accuracy:P2} after {Words.Count(validation.Step, "step")}");
        }

        yield return ("digest", end.Digest);
        yield return ("memory", $"{Words.Bytes(result.PeakMemoryBytes)} at the peak");
        if (end.StaleMessages > 0)
        {
            yield return ("refused", Words.Count(end.StaleMessages, "stale message"));
        }

        yield return ("weights", result.SavedTo is { } path ? $"saved to {path}" : "not saved; --save FILE keeps them");
    }
}
