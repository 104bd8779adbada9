using System.Globalization;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;

namespace TrnOrleans.Client.Output;

/// <summary>Lines for files, pipes and dumb terminals: a step now and then, every validation, a summary.</summary>
internal sealed class PlainView(TextWriter output, TimeProvider time) : IRunView
{
    private static readonly TimeSpan s_betweenLines = TimeSpan.FromSeconds(2);
    private RunInputs? _inputs;
    private long _started;
    private long _lastLine;

    public void Starting(RunInputs inputs, int threads)
    {
        _inputs = inputs;
        _started = time.GetTimestamp();
        output.WriteLine($"model    {Words.Network(inputs)}");
        output.WriteLine($"data     {inputs.Dataset.Name}: {inputs.Dataset.Summary}");
        output.WriteLine($"cluster  {Words.Cluster(inputs.Spec.Cluster, threads)} (emulated)");
        output.WriteLine($"run      {Words.Count(inputs.Spec.Training.Steps, "step")} of {inputs.Spec.Training.Batch} {(inputs.Spec.Model.IsLanguageModel ? "sequences" : "samples")}, seed {inputs.Spec.Training.Seed}");
    }

    public void Show(RunEvent happened)
    {
        long steps = _inputs!.Spec.Training.Steps;
        switch (happened)
        {
            case StepEvent step when step.Step == 0 || step.Step + 1 == steps || time.GetElapsedTime(_lastLine) > s_betweenLines:
                _lastLine = time.GetTimestamp();
                TimeSpan left = time.GetElapsedTime(_started) / (step.Step + 1) * (steps - step.Step - 1);
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"step {step.Step + 1,6}/{steps}  loss {step.Loss:F4}  rate {step.LearningRate:0.00e+0}  {step.RowsPerSecond,9:N0} {Words.Rows(_inputs.Spec.Model)}/s  {Words.Duration(left)} left"));
                break;
            case ValidationEvent validation:
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"step {validation.Step,6}/{steps}  validation loss {validation.Loss:F4}  accuracy {validation.Accuracy:P2}"));
                break;
        }
    }

    public void Stopping() => output.WriteLine("stopping at the next step boundary; a second Ctrl-C ends at once and saves nothing");

    public void Finished(RunResult result)
    {
        output.WriteLine();
        foreach ((string label, string text) in Summary.Of(_inputs!, result))
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
