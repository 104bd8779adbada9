using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Hardware.Clocks;

namespace TrnOrleans.Client.Output;

/// <summary>A panel that is drawn again as the run goes on: progress, losses and their curve, speed, time left, chips.</summary>
internal sealed class LiveView : IRunView, IDisposable
{
    private const int BarWidth = 40;
    private static readonly TimeSpan s_betweenFrames = TimeSpan.FromMilliseconds(120);
    // A signal comes on a thread of its own.
    private readonly Lock _lock = new();
    private readonly IAnsiConsole _console;
    private readonly TimeProvider _time;
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LossCurve _curve = new();
    private Task _drawing = Task.CompletedTask;
    private RunFacts? _facts;
    private LiveDisplayContext? _context;
    private StepEvent? _step;
    private ValidationEvent? _validation;
    private CheckpointReport? _checkpoint;
    private LayoutEvent? _layout;
    private RecoveryEvent? _recovery;
    private RunClock? _clock;
    private int _recoveries;
    private bool _stopping;
    private long _drawn;

    internal LiveView(IAnsiConsole console, TimeProvider time)
    {
        _console = console;
        _time = time;
    }

    public void Starting(RunFacts facts)
    {
        _facts = facts;
        _drawing = _console.Live(Panel()).StartAsync(async context =>
        {
            _context = context;
            await _over.Task;
            context.UpdateTarget(Panel());
        });
    }

    public void Show(RunEvent happened, RunClock clock)
    {
        using Lock.Scope scope = _lock.EnterScope();
        _clock = clock;
        switch (happened)
        {
            case StepEvent step:
                _step = step;
                _curve.Add(step.Loss);
                break;
            case LayoutEvent layout:
                _layout = layout;
                break;
            case RecoveryEvent recovery:
                (_recovery, _recoveries) = (recovery, _recoveries + 1);
                break;
            case CheckpointEvent { Report: var report }:
                _checkpoint = report;
                break;
            case ValidationEvent validation:
                _validation = validation;
                break;
        }

        if (_time.GetElapsedTime(_drawn) >= s_betweenFrames)
        {
            Draw();
        }
    }

    public void Stopping()
    {
        using Lock.Scope scope = _lock.EnterScope();
        _stopping = true;
        Draw();
    }

    public void Detached(string id)
    {
        EndDrawing();
        _console.WriteLine(Words.Detached(id));
    }

    public void Finished(RunResult result)
    {
        EndDrawing();
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach ((string label, string text) in Summary.Of(_facts!, result))
        {
            grid.AddRow(new Text(label, new Style(Color.Grey)), new Text(text));
        }

        _console.Write(grid);
        if (result.Sample is { } sample)
        {
            _console.Write(new Panel(new Text(sample)).Header("sample, generated").Border(BoxBorder.Rounded).BorderColor(Color.Grey));
        }
    }

    public void Dispose() => EndDrawing();

    private void EndDrawing()
    {
        _over.TrySetResult();
        _drawing.GetAwaiter().GetResult();
    }

    private void Draw()
    {
        _drawn = _time.GetTimestamp();
        _context?.UpdateTarget(Panel());
    }

    private Panel Panel()
    {
        RunFacts facts = _facts!;
        long steps = facts.Spec.Training.Steps;
        long done = (_step?.Step ?? -1) + 1;
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap().Width(10)).AddColumn();
        void Row(string label, IRenderable value) => grid.AddRow(new Text(label, new Style(Color.Grey)), value);
        Row("model", new Text(Words.Network(facts)));
        Row("data", new Text(facts.Data));
        Row("cluster", new Text($"{Words.Cluster(facts.Spec.Cluster)} (emulated), {facts.Where}"));
        if (Words.Precision(facts) is { } precision)
        {
            Row("formats", new Text(precision));
        }

        if (facts.Id is not null && _layout is not null)
        {
            Row("silos", new Text(Words.Layout(_layout)));
        }

        if (_recovery is not null)
        {
            Row("recoveries", new Text($"{_recoveries:N0}; the last before step {_recovery.Step:N0}: {Words.Recovery(_recovery)}"));
        }

        if (_checkpoint is not null)
        {
            Row("checkpoint", new Text(_checkpoint.Failure is null ? $"after {Words.Count(_checkpoint.Step, "step")}" : Words.Failed(_checkpoint)));
        }

        int filled = (int)(BarWidth * done / steps);
        Row("progress", new Markup(
            $"[green]{new string('█', filled)}[/][grey23]{new string('░', BarWidth - filled)}[/]  {done:N0} of {Words.Count(steps, "step")}"));
        Row("loss", new Text(_step is { } step ? $"{step.Loss.ToString("F4", CultureInfo.InvariantCulture)}  {_curve}" : "…"));
        Row("validation", new Text(_validation is { } v
            ? string.Create(CultureInfo.InvariantCulture, $"{v.Loss:F4}, accuracy {v.Accuracy:P2} after {v.Step:N0} steps")
            : "…"));
        string left = _step is null ? "…" : Words.Left(facts, _step);
        Row("speed", new Text($"{_step?.RowsPerSecond ?? 0:N0} {Words.Rows(facts.Spec.Model)}/s, {left} left"));
        Row("modelled", new Text(_clock is { Steps: > 0 } clock ? $"{PlanText.Seconds(clock.Last.Seconds)} a step, {PlanText.Seconds(clock.Seconds)} in all, MFU {Words.Percent(clock.Last.Mfu)}" : "…"));
        string title = _stopping ? "trn train · stopping at the next step" : facts.Id is null ? "trn train" : $"trn train · {facts.Id}";
        return new Panel(grid).Header(title).Border(BoxBorder.Rounded).BorderColor(_stopping ? Color.Yellow : Color.Green);
    }
}
