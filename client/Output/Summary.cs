using System.Globalization;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Hardware.Clocks;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Training;

namespace TrnOrleans.Client.Output;

/// <summary>What is said at the end of a run, as label and text.</summary>
internal static class Summary
{
    internal static IEnumerable<(string Label, string Text)> Of(RunFacts facts, RunResult result)
    {
        EndEvent end = result.End;
        yield return (end.Stopped ? "stopped" : "done", $"{Words.Count(end.Steps, "step")} in {Words.Seconds(end.WallSeconds)}, {end.RowsPerSecond:N0} {Words.Rows(facts.Spec.Model)}/s");
        if (result.LastStep is { } step)
        {
            yield return ("loss", $"{step.Loss.ToString("F4", CultureInfo.InvariantCulture)} in the last step");
        }

        if (result.LastValidation is { } validation)
        {
            yield return ("validation", $"loss {validation.Loss.ToString("F4", CultureInfo.InvariantCulture)}, accuracy {validation.Accuracy:P2} after {Words.Count(validation.Step, "step")}");
        }

        if (result.SkippedSteps > 0)
        {
            yield return ("skipped", $"{Words.Count(result.SkippedSteps, "step")}: the gradient overflowed its format; the loss was scaled by {LossScaler.ForPeople(result.LastStep?.LossScale ?? 0)} in the last step");
        }

        if (result.LastNumerics is { } numerics)
        {
            yield return ("numerics", Words.Numerics(numerics));
        }

        foreach ((string Label, string Text) line in Modelled(result.Modelled, Chip.Word(PrecisionRecipe.Of(result.Precision).Compute)))
        {
            yield return line;
        }

        yield return ("digest", end.Digest);
        if (facts.Id is null)
        {
            yield return ("memory", $"{Words.Bytes(result.PeakMemoryBytes)} at the peak");
        }

        foreach (IGrouping<string, LinkTraffic> silo in end.Links.GroupBy(l => l.From))
        {
            yield return ("sent", $"{Words.Bytes(silo.Sum(l => l.Bytes))} by {ClusterView.ForPeople(silo.Key)}");
        }

        if (end.Generations > 1)
        {
            yield return ("layouts", $"{end.Generations}: the run was laid out anew when something failed, or silos came or went");
        }

        if (end.StaleMessages > 0)
        {
            yield return ("refused", Words.Count(end.StaleMessages, "stale message"));
        }

        if (result.LastCheckpoint is { } checkpoint)
        {
            yield return ("checkpoint", checkpoint.Failure is null ? $"after {Words.Count(checkpoint.Step, "step")} in {checkpoint.Folder}" : Words.Failed(checkpoint));
        }

        yield return ("weights", result.SavedTo is { } path ? $"saved to {path}" : "not saved; --save FILE keeps them");
    }

    private static IEnumerable<(string Label, string Text)> Modelled(ModelledRun modelled, string format)
    {
        RunClock clock = modelled.Clock;
        if (clock.Steps == 0)
        {
            yield break;
        }

        (string Name, double Seconds)[] parts =
        [
            ("compute", clock.ComputeSeconds), ("collectives", clock.CommunicationSeconds), ("idle", clock.IdleSeconds), ("validations", clock.ValidationSeconds),
            ("checkpoints", clock.CheckpointSeconds), ("recoveries", clock.RecoverySeconds),
        ];
        yield return ("modelled", string.Create(
            CultureInfo.InvariantCulture,
            $"{PlanText.Seconds(clock.Seconds)} on {modelled.System}, extrapolated: {PlanText.Seconds(clock.StepSeconds / clock.Steps)} a step, MFU {Words.Percent(clock.Mfu)} of {format}, {PlanText.Number(clock.EnergyJoules)}J"));
        yield return (string.Empty, string.Join(", ", parts.Where((p, i) => i < 3 || p.Seconds > 0).Select(p => $"{p.Name} {Words.Percent(p.Seconds / clock.Seconds)}")));
        if (modelled.Trace is { } trace)
        {
            yield return ("trace", trace);
        }
    }
}
