using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Hardware.Clocks;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;

namespace TrnOrleans.Client.Running;

/// <summary>What a run takes on the machine that is emulated: its clock, driven by the run's events, and its timeline.</summary>
internal sealed class ModelledRun : IDisposable
{
    private readonly TraceFile? _trace;
    private readonly int _rowsPerSample;

    /// <param name="facts">The run.</param>
    /// <param name="choices">The machine.</param>
    /// <exception cref="Models.Descriptions.InvalidDescriptionException">the machine is smaller than the run.</exception>
    internal ModelledRun(RunFacts facts, ClockChoices choices)
    {
        System = choices.System;
        _rowsPerSample = facts.Spec.Model.RowsPerSample;
        Clock = new RunClock(ExecutedStep.Of(
            Machine.Of(Catalogue.BuiltIn, System, facts.Spec.Cluster.UltraServers), PrecisionRecipe.Of(facts.Network.Precision), Workload.OfExecuted(facts.Network.Description),
            facts.Network.Layout.Length, facts.Spec.Cluster.Chips, facts.Spec.Training.Batch));
        _trace = choices.Trace is { } path ? new TraceFile(path, Clock.Undisturbed, facts.Spec.Cluster.Chips) : null;
    }

    /// <summary>Name in the catalogue.</summary>
    internal string System { get; }

    /// <summary>Where it stands.</summary>
    internal RunClock Clock { get; }

    /// <summary>Where the timeline is, in a few words; null when none is kept.</summary>
    internal string? Trace => _trace?.ForPeople;

    /// <summary>The file of the timeline, or null.</summary>
    internal string? TracePath => _trace?.Path;

    /// <summary>Something happened, in the order of the run's history.</summary>
    internal void Tell(RunEvent happened)
    {
        double begun = Clock.Seconds;
        switch (happened)
        {
            case StepEvent step:
                LateChip[] late = [.. step.Delays.Select(d => new LateChip(d.Rank, d.Kernels, d.Seconds))];
                Clock.Step(late);
                _trace?.Step(step.Step, begun, late);
                break;
            case CheckpointEvent:
                Stop("checkpoint", begun, Clock.Checkpoint());
                break;
            case ValidationEvent validation:
                Stop("validation", begun, Clock.Validate(validation.Rows / _rowsPerSample));
                break;
            case RecoveryEvent recovery:
                Stop("recovery", begun, Clock.Recover(recovery.Recomputed));
                break;
        }
    }

    private void Stop(string what, double begun, double seconds) => _trace?.All(what, begun, seconds);

    public void Dispose() => _trace?.Dispose();
}
