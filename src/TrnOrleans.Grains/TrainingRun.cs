using System.Runtime.CompilerServices;
using Orleans.Concurrency;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Grains;

/// <summary>Supervises one run: prepares its UltraServers, collects their reports, watches that they go on, and tells whoever follows.</summary>
[KeepAlive, Reentrant]
internal sealed class TrainingRun(Deadlines deadlines, TimeProvider time) : Grain, ITrainingRun
{
    private readonly RunHistory _history = new();
    private readonly Fence _fence = new();
    private string? _specText;
    private RunSpec? _spec;
    private CommitLedger? _ledger;
    private int _generation;
    private long _started;
    private long _lastProgress;
    private bool _stopped;

    /// <summary>A step has several phases with a deadline each, which name what hangs; this is for the case that nobody speaks at all.</summary>
    private TimeSpan SilenceDeadline => 4 * deadlines.Step;

    private string Id => this.GetPrimaryKeyString();

    public async Task Start(string spec, CancellationToken cancellation)
    {
        if (_specText is not null)
        {
            if (_specText != spec)
            {
                throw new RunFailedException($"run {Id} exists already with another spec");
            }

            return;
        }

        // Before the first await: a second call must find it.
        _specText = spec;
        _spec = StrictJson.Read<RunSpec>(spec, "the run's spec");
        _ledger = new CommitLedger(_spec.Cluster.UltraServers);
        _generation = 1;
        _fence.Raise(Id, _generation);
        try
        {
            await OnAll((server, index) => server.Prepare(new PrepareOrder(Id, _generation, index, spec), cancellation), deadlines.Prepare, cancellation);
        }
        catch (Exception error)
        {
            // Whoever follows, and whoever starts it again, must learn that this run is over.
            _history.Add(new FailedEvent(error is OperationCanceledException ? "the run was cancelled while it was prepared" : error.Message));
            throw;
        }

        _started = _lastProgress = time.GetTimestamp();
        TimeSpan look = deadlines.Step / 10;
        this.RegisterGrainTimer(Watch, new GrainTimerCreationOptions(look, look) { KeepAlive = true });
        await OnAll((server, _) => server.Train(Ticket(0), cancellation), deadlines.Control, cancellation);
    }

    public async Task Stop(CancellationToken cancellation)
    {
        if (_spec is not null && !_history.IsOver)
        {
            _stopped = true;
            await Server(0).Stop(Ticket(0), cancellation).WaitAsync(deadlines.Control, time, cancellation);
        }
    }

    public async IAsyncEnumerable<RunEvent> Follow(int from, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (RunEvent happened in _history.From(from, cancellation))
        {
            yield return happened;
        }
    }

    public Task<TensorBlock> ReadWeights(long offset, int length, CancellationToken cancellation) =>
        Server(0).ReadWeights(offset, length, cancellation).WaitAsync(deadlines.Control, time, cancellation);

    public async Task Close(CancellationToken cancellation)
    {
        if (_spec is null)
        {
            return;
        }

        // First all loops, then all memory: an UltraServer may still be reading another's blocks.
        await OnAll((server, _) => server.Abort(Ticket(0), cancellation), deadlines.Step, cancellation);
        await OnAll((server, _) => server.Close(cancellation), deadlines.Step, cancellation);
    }

    public Task Committed(StepTicket ticket, CommitReport report, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        _lastProgress = time.GetTimestamp();
        if (_ledger!.Commit(ticket.Step, report))
        {
            double rows = (double)_spec!.Training.Batch * _spec.Model.RowsPerSample;
            _history.Add(new StepEvent(
                ticket.Step, report.Loss, _spec.Training.ToSchedule().At(ticket.Step), report.GradientNorm, rows / report.StepSeconds));
        }

        return Task.CompletedTask;
    }

    public async Task Validated(StepTicket ticket, ValidationReport report, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        _lastProgress = time.GetTimestamp();
        if (_ledger!.Validate(report) is not { } whole)
        {
            return;
        }

        double loss = whole.LossSum / whole.Rows;
        if (!double.IsFinite(loss))
        {
            await Fail($"the validation loss is {loss} after step {ticket.Step}: the update of that step left no usable weights; a lower --learning-rate may help");
            return;
        }

        if (_ledger.AgreedDigest is not { } digest)
        {
            await Fail($"the replicas differ after step {ticket.Step}: {_ledger.DigestsForPeople()}");
            return;
        }

        _history.Add(new ValidationEvent(ticket.Step + 1, loss, (double)whole.Hits / whole.Rows, digest));
    }

    public async Task Finished(StepTicket ticket, FinishReport report, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        if (!_ledger!.Finish(report))
        {
            return;
        }

        if (_ledger.AgreedDigest is not { } digest)
        {
            await Fail($"the replicas differ at the end: {_ledger.DigestsForPeople()}");
            return;
        }

        double rows = (double)_spec!.Training.Batch * _spec.Model.RowsPerSample;
        _history.Add(new EndEvent(
            report.Steps, _stopped && report.Steps < _spec.Training.Steps, digest, rows / _ledger.MedianStepSeconds,
            time.GetElapsedTime(_started).TotalSeconds, _fence.Refused + _ledger.StaleMessages));
    }

    public Task Failed(StepTicket ticket, int ultraServer, string message, CancellationToken cancellation)
    {
        _fence.Check(ticket);

        // Not awaited: the abort waits for the loop that is telling us.
        _ = Fail(message);
        return Task.CompletedTask;
    }

    private async Task Watch(CancellationToken cancellation)
    {
        if (!_history.IsOver && time.GetElapsedTime(_lastProgress) > SilenceDeadline)
        {
            await Fail($"no UltraServer has finished anything for {SilenceDeadline.TotalSeconds:F0} s; the last committed step is {_ledger!.LastCommitted}");
        }
    }

    private async Task Fail(string message)
    {
        if (_history.IsOver)
        {
            return;
        }

        _history.Add(new FailedEvent(message));
        try
        {
            await OnAll((server, _) => server.Abort(Ticket(0), CancellationToken.None), deadlines.Control, CancellationToken.None);
        }
        catch (Exception error) when (error is TimeoutException or OrleansException or StaleMessageException)
        {
            // The run is over by name already; an UltraServer that cannot be reached will be refused when it speaks.
        }
    }

    private StepTicket Ticket(long step) => new(Id, _generation, step);

    private IUltraServer Server(int index) => GrainFactory.GetGrain<IUltraServer>(GrainKeys.UltraServer(Id, index));

    private Task OnAll(Func<IUltraServer, int, Task> call, TimeSpan deadline, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, _spec!.Cluster.UltraServers).Select(index => call(Server(index), index))).WaitAsync(deadline, time, cancellation);
}
