using System.Globalization;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Hardware.Clocks;
using TrnOrleans.Models.Training;

namespace TrnOrleans.Client.Output;

/// <summary>Lines for files, pipes and dumb terminals: a step now and then, every validation, a summary.</summary>
internal sealed class PlainView(TextWriter output, TimeProvider time) : IRunView
{
    private static readonly TimeSpan s_betweenLines = TimeSpan.FromSeconds(2);
    private RunFacts? _facts;
    private long _lastLine;

    public void Starting(RunFacts facts)
    {
        _facts = facts;
        output.WriteLine($"model    {Words.Network(facts)}");
        output.WriteLine($"data     {facts.Data}");
        output.WriteLine($"cluster  {Words.Cluster(facts.Spec.Cluster)} (emulated), {facts.Where}");
        if (Words.Precision(facts) is { } precision)
        {
            output.WriteLine($"formats  {precision}");
        }

        string id = facts.Id is null ? string.Empty : $"{facts.Id}, ";
        output.WriteLine($"run      {id}{Words.Count(facts.Spec.Training.Steps, "step")} of {facts.Spec.Training.Batch} {(facts.Spec.Model.IsLanguageModel ? "sequences" : "samples")}, seed {facts.Spec.Training.Seed}");
    }

    public void Show(RunEvent happened, RunClock clock)
    {
        long steps = _facts!.Spec.Training.Steps;
        switch (happened)
        {
            case StepEvent step when step.Step == 0 || step.Step + 1 == steps || time.GetElapsedTime(_lastLine) > s_betweenLines:
                _lastLine = time.GetTimestamp();
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"step {step.Step + 1,6}/{steps}  loss {step.Loss:F4}  rate {step.LearningRate:0.00e+0}  {step.RowsPerSecond,9:N0} {Words.Rows(_facts.Spec.Model)}/s  {Words.Left(_facts, step)} left  modelled {PlanText.Seconds(clock.Last.Seconds)}{(step.IsSkipped ? $"  skipped, overflowed at scale {LossScaler.ForPeople(step.LossScale)}" : string.Empty)}"));
                break;
            case LayoutEvent layout when _facts.Id is not null:
                output.WriteLine($"step {layout.Step,6}/{steps}  {Words.Layout(layout)}");
                break;
            case RecoveryEvent recovery:
                output.WriteLine($"step {recovery.Step,6}/{steps}  {Words.Recovery(recovery)}");
                break;
            case CheckpointEvent { Report: { Failure: { } } failed }:
                output.WriteLine($"step {failed.Step,6}/{steps}  {Words.Failed(failed)}");
                break;
            case ValidationEvent validation:
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"step {validation.Step,6}/{steps}  validation loss {validation.Loss:F4}  accuracy {validation.Accuracy:P2}"));
                break;
        }
    }

    public void Stopping() => output.WriteLine("stopping at the next step boundary; a second Ctrl-C ends at once and saves nothing");

    public void Detached(string id) => output.WriteLine(Words.Detached(id));

    public void Finished(RunResult result)
    {
        output.WriteLine();
        foreach ((string label, string text) in Summary.Of(_facts!, result))
        {
            output.WriteLine($"{label,-11}{text}");
        }

        if (result.Sample is { } sample)
        {
            output.WriteLine();
            output.WriteLine("sample, generated:");
            output.WriteLine(sample);
        }
    }
}
