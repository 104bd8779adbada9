using System.Runtime.CompilerServices;
using Orleans.Concurrency;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Grains;

/// <summary>
/// Supervises one run: lays its UltraServers out over the silos, collects their reports, watches that they go on, lays them out anew when
/// silos come and go, and tells whoever follows. What it knows is in its record, which moves with it.
/// </summary>
[KeepAlive, Reentrant]
internal sealed class TrainingRun(
    [PersistentState("run", EmulatorHosting.Storage)] IPersistentState<RunRecord> storage, ClusterView cluster, LocalRuns localRuns, Deadlines deadlines,
    TimeProvider time) : Grain, ITrainingRun
{
    // How often a layout is tried when silos leave while it is made, with a moment in between for the membership to say so.
    private const int LayoutAttempts = 5;

    private readonly Fence _fence = new();
    private readonly SerialWrites _writes = new(storage.WriteStateAsync);
    private RunHistory _history = new([]);
    private RunSpec? _spec;
    private Task _laying = Task.CompletedTask;
    private TaskCompletionSource _laidOut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MembershipVersion _seen;
    private IGrainTimer? _watch;
    private long _lastProgress;
    private long _over;
    private int _eventsStored;
    private long _lastStored;
    private bool _pausing;
    private bool _released;
    private bool _closed;

    /// <summary>A step has several phases with a deadline each, which name what hangs; this is for the case that nobody speaks at all.</summary>
    private TimeSpan SilenceDeadline => 4 * deadlines.Step;

    private string Id => this.GetPrimaryKeyString();

    private RunRecord Record => storage.State;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        localRuns.Add(Id, this.AsReference<ITrainingRun>());
        _lastProgress = _lastStored = _over = time.GetTimestamp();
        if (Record.Spec is { } spec)
        {
            _spec = StrictJson.Read<RunSpec>(spec, "the run's spec");
            _history = new RunHistory(Record.Events);
            _eventsStored = Record.Events.Count;
            _fence.Raise(Id, Record.Generation);
            StartWatch();
            if (!_history.IsOver && !Record.IsHandedOver)
            {
                // What was committed since the last writing is known to nobody.
                _ = FailUnlessSiloIsLost("the silo with the run's own grain was lost");
            }

            Record.IsHandedOver = false;
            await _writes.WriteAsync();
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        localRuns.Remove(Id);
        if (Record.Spec is not null)
        {
            Record.IsHandedOver = true;
            await _writes.WriteAsync();
        }
    }

    public async Task Start(string spec, RunContent content, CancellationToken cancellation)
    {
        if (Record.Spec is not null)
        {
            if (Record.Spec != spec)
            {
                throw new RunFailedException($"run {Id} exists already with another spec; choose another --run-id, or follow it with `trn attach {Id}`");
            }

            return;
        }

        // Before the first await: a second call must find it.
        _spec = Checked(spec);
        Record.Spec = spec;
        Record.Content = content;
        Record.State = RunState.Preparing;
        Record.Started = time.GetUtcNow();
        _history = new RunHistory(Record.Events);
        StartWatch();
        try
        {
            await Publish();
            _laying = LayOut(0, null, cancellation);
            await _laying;
        }
        catch (Exception error)
        {
            // Whoever follows, and whoever starts it again, must learn that this run is over.
            await Fail(error is OperationCanceledException ? "the run was cancelled while it was prepared" : error.Message);
            throw error is RunFailedException or OperationCanceledException or TimeoutException ? error : new RunFailedException(error.Message, error);
        }
    }

    public async Task Stop(CancellationToken cancellation)
    {
        if (_spec is not null && !_history.IsOver)
        {
            Record.StopAsked = true;
            if (Record.State == RunState.Running && !_pausing)
            {
                await AskNext(AfterStep.Stop, cancellation);
            }
        }
    }

    public async IAsyncEnumerable<RunEvent> Follow(int from, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        if (_spec is null)
        {
            throw NoSuchRun();
        }

        await foreach (RunEvent happened in _history.From(from, cancellation))
        {
            yield return happened;
        }
    }

    public Task<TensorBlock> ReadWeights(long offset, int length, CancellationToken cancellation) =>
        _closed || !_history.IsOver
            ? throw new RunFailedException($"the weights of run {Id} are no longer in the cluster's memory")
            : Server(0).ReadWeights(offset, length, cancellation).WaitAsync(deadlines.Control, time, cancellation);

    public Task<IReadOnlyList<string>?> Vocabulary(CancellationToken cancellation) =>
        _closed ? throw new RunFailedException($"the weights of run {Id} are no longer in the cluster's memory") : Server(0).Vocabulary(cancellation).WaitAsync(deadlines.Control, time, cancellation);

    public Task<RunStatus> Status(CancellationToken cancellation) => Task.FromResult(Describe());

    public Task<string> Spec(CancellationToken cancellation) => Task.FromResult(Record.Spec ?? throw NoSuchRun());

    public async Task Close(CancellationToken cancellation)
    {
        if (_spec is null || _closed)
        {
            return;
        }

        _closed = true;
        await Quietly(() => _laying);
        await Fail("the run was closed before its end");

        // Not the caller's token: that of a timer ends with the timer, and half of it would stay.
        await Quietly(() => CloseGeneration(Record.PlacedGeneration, CancellationToken.None));
        _watch?.Dispose();
        _watch = null;
    }

    public Task Release(CancellationToken cancellation)
    {
        _released = true;
        return Task.CompletedTask;
    }

    public async Task Leave(string silo, CancellationToken cancellation)
    {
        Record.Leaving.Add(silo);
        await Quietly(() => _laying);
        while (!_history.IsOver && Record.Plan is { } plan && plan.Shares.Any(s => s.Silo == silo))
        {
            Task next = _laidOut.Task;
            await Rebalance();
            await next.WaitAsync(deadlines.Step, time, cancellation);
        }
    }

    public async Task MoveAway(CancellationToken cancellation)
    {
        if (Record.Spec is null)
        {
            // Asked for by a name that nobody has given.
            DeactivateOnIdle();
            return;
        }

        Record.Leaving.Add(cluster.Self);
        Record.IsHandedOver = true;
        do
        {
            await Quietly(() => _laying);
            await _writes.WriteAsync();
        }
        while (!_laying.IsCompleted);
        string? target = cluster.Active.FirstOrDefault(silo => !Record.Leaving.Contains(silo));
        if (target is not null)
        {
            RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloAddress.FromParsableString(target));
            MigrateOnIdle();
            _history.Interrupt();
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }

    public Task Committed(StepTicket ticket, CommitReport report, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        _lastProgress = time.GetTimestamp();
        if (Record.Ledger!.Commit(ticket.Step, report))
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
        if (_history.IsOver || Record.Ledger!.Validate(ticket.Step, report) is not { } whole)
        {
            return;
        }

        double loss = whole.LossSum / whole.Rows;
        if (!double.IsFinite(loss))
        {
            await Fail($"the validation loss is {loss} after step {ticket.Step}: the update of that step left no usable weights; a lower --learning-rate may help");
            return;
        }

        if (Record.Ledger.AgreedDigest is not { } digest)
        {
            await Fail($"the replicas differ after step {ticket.Step}: {Record.Ledger.DigestsForPeople()}");
            return;
        }

        _history.Add(new ValidationEvent(ticket.Step + 1, loss, (double)whole.Hits / whole.Rows, digest));
    }

    public async Task Finished(StepTicket ticket, FinishReport report, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        if (_history.IsOver || await AllStandStill(report, "at the end") is not { } digest)
        {
            return;
        }

        bool stopped = Record.StopAsked && report.Steps < _spec!.Training.Steps;
        Record.State = stopped ? RunState.Stopped : RunState.Ended;
        _over = time.GetTimestamp();
        _history.Add(new EndEvent(
            report.Steps, stopped, digest, MedianRowsPerSecond(), (time.GetUtcNow() - Record.Started).TotalSeconds,
            _fence.Refused + Record.StaleMessages, Record.Events.Count(e => e is LayoutEvent), LinkTraffic.Sum(Record.Links)));
        _laidOut.TrySetResult();
        await Publish();
    }

    public async Task Paused(StepTicket ticket, FinishReport report, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        if (!_history.IsOver && await AllStandStill(report, $"after step {report.Steps - 1}") is { } digest)
        {
            // Not awaited: it closes the UltraServer that is telling us.
            _laying = LayOutAgain(report.Steps, digest);
        }
    }

    public Task Failed(StepTicket ticket, string message, bool unreachable, CancellationToken cancellation)
    {
        _fence.Check(ticket);

        // Not awaited: the abort waits for the loop that is telling us.
        _ = unreachable ? FailUnlessSiloIsLost(message) : Fail(message);
        return Task.CompletedTask;
    }

    /// <summary>Who could not reach somebody does not know why; the membership does, a moment later, and the watch says it.</summary>
    private async Task FailUnlessSiloIsLost(string message)
    {
        await Task.Delay(deadlines.Detection, time);
        await Fail(message);
    }

    /// <summary>Whether all UltraServers stand, and with which digest; when they differ the run fails.</summary>
    private async Task<string?> AllStandStill(FinishReport report, string when)
    {
        if (!Record.Ledger!.Finish(report))
        {
            return null;
        }

        Record.StaleMessages += Record.Ledger.Finished.Sum(f => f.StaleMessages);
        Record.Links.AddRange(Record.Ledger.Finished.SelectMany(f => f.Links));
        if (Record.Ledger.AgreedDigest is { } digest)
        {
            return digest;
        }

        await Fail($"the replicas differ {when}: {Record.Ledger.DigestsForPeople()}");
        return null;
    }

    private async Task LayOutAgain(long step, string digest)
    {
        try
        {
            await LayOut(step, digest, CancellationToken.None);
        }
#pragma warning disable CA1031 // Whatever went wrong becomes the named end of the run.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await Fail($"the run could not go on after step {step - 1}: {error.Message}");
        }
    }

    /// <summary>A new generation from a step on: replicas are taken over where they are, copied to where they are not, and then all start.</summary>
    private async Task LayOut(long step, string? digest, CancellationToken cancellation)
    {
        (int oldGeneration, PlacementPlan? oldPlan) = (Record.PlacedGeneration, Record.Plan);
        PlacementPlan plan;
        for (int attempt = 1; ; attempt++)
        {
            if (_history.IsOver)
            {
                return;
            }

            plan = MakePlan();
            Record.Generation++;
            _fence.Raise(Id, Record.Generation);
            try
            {
                await OnAll(
                    plan.UltraServers, index => Prepare(index, plan, step, Source(index, plan, oldGeneration, oldPlan, digest), cancellation), deadlines.Prepare, cancellation);
                break;
            }
            catch (Exception error)
            {
                await Quietly(() => Abandon(Record.Generation));
                if (!GoesAway(error) || attempt == LayoutAttempts)
                {
                    throw;
                }

                if (error is SiloLeavingException { Silo: { } silo })
                {
                    Record.Leaving.Add(silo);
                }

                await Task.Delay(deadlines.Watch, time, cancellation);
            }
        }

        if (_history.IsOver)
        {
            // Failed, or closed, while it was prepared.
            await Quietly(() => Abandon(Record.Generation));
            return;
        }

        Record.Plan = plan;
        Record.PlacedGeneration = Record.Generation;
        Record.Ledger = new CommitLedger(plan.UltraServers, step);
        Record.State = RunState.Running;
        _pausing = false;
        _lastProgress = time.GetTimestamp();
        _history.Add(new LayoutEvent(Record.Generation, step, plan));
        if (oldPlan is not null)
        {
            await Quietly(() => CloseGeneration(oldGeneration, CancellationToken.None));
        }

        await Publish();
        StartWatch();
        await OnAll(plan.UltraServers, index => Server(index).Train(Ticket(step), cancellation), deadlines.Control, cancellation);
        if (Record.StopAsked)
        {
            await AskNext(AfterStep.Stop, cancellation);
        }

        TaskCompletionSource laidOut = _laidOut;
        _laidOut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        laidOut.TrySetResult();
    }

    private Task Prepare(int index, PlacementPlan plan, long step, ReplicaSource? source, CancellationToken cancellation)
    {
        PrepareOrder order = new(Id, Record.Generation, index, Record.Spec!, plan, step, source, Record.Content);
        return UltraServerPlacementDirector.On(plan.ShareOf(index).Silo, () => Server(index).Prepare(order, cancellation));
    }

    /// <summary>A replica on the silo where the UltraServer will be, if there is one, else its own.</summary>
    private static ReplicaSource? Source(int index, PlacementPlan plan, int oldGeneration, PlacementPlan? oldPlan, string? digest)
    {
        if (oldPlan is null || digest is null)
        {
            return null;
        }

        string silo = plan.ShareOf(index).Silo;
        int near = oldPlan.Shares.FirstOrDefault(s => s.Silo == silo)?.First ?? index;
        return new ReplicaSource(oldGeneration, oldPlan.ShareOf(index).Silo == silo ? index : near, digest);
    }

    /// <summary>Silos that have a part keep it, as far as it stays even; new ones come behind them.</summary>
    private PlacementPlan MakePlan()
    {
        string[] up = [.. cluster.Active.Where(silo => !Record.Leaving.Contains(silo))];
        if (up.Length == 0)
        {
            throw new RunFailedException("no silo is left that could hold its UltraServers");
        }

        _seen = cluster.Version;
        IEnumerable<string> had = Record.Plan?.Shares.Select(s => s.Silo) ?? [];
        return PlacementPlan.Even(_spec!.Cluster.UltraServers, [.. had.Where(up.Contains), .. up.Except(had)]);
    }

    /// <summary>Asks for a new layout at the next step boundary when the silos have changed.</summary>
    private async Task Rebalance()
    {
        if (Record.State != RunState.Running || _pausing || _history.IsOver)
        {
            return;
        }

        try
        {
            if (!MakePlan().IsSameAs(Record.Plan))
            {
                _pausing = true;
                await AskNext(Record.StopAsked ? AfterStep.Stop : AfterStep.Pause, CancellationToken.None);
            }
        }
        catch (RunFailedException error)
        {
            await Fail($"the run ends after {Record.Ledger!.LastCommitted + 1} steps: {error.Message}");
        }
        catch (Exception error) when (error is TimeoutException or OrleansException or StaleMessageException)
        {
            // UltraServer 0 cannot be asked now; the watch tries again, unless it finds its silo lost.
            (_pausing, _seen) = (false, default);
        }
    }

    private void StartWatch() =>
        _watch ??= this.RegisterGrainTimer(Watch, new GrainTimerCreationOptions(deadlines.Watch, deadlines.Watch) { KeepAlive = true, Interleave = true });

    private async Task Watch(CancellationToken cancellation)
    {
        if (_history.IsOver)
        {
            bool nobodyComes = _released && _history.Followers == 0;
            if (nobodyComes || time.GetElapsedTime(_over) > deadlines.Linger)
            {
                await Close(cancellation);
            }

            if (_eventsStored < Record.Events.Count)
            {
                await Quietly(Publish);
            }

            return;
        }

        if (Record.State == RunState.Running && Record.Plan!.Shares.FirstOrDefault(s => cluster.IsLost(s.Silo)) is { } lost)
        {
            await Fail($"silo {ClusterView.ForPeople(lost.Silo)} was lost, and with it {lost.ForPeople}; {Record.Ledger!.LastCommitted + 1} steps are committed");
            return;
        }

        if (time.GetElapsedTime(_lastProgress) > SilenceDeadline)
        {
            await Fail($"no UltraServer has finished anything for {SilenceDeadline.TotalSeconds:F0} s; {(Record.Ledger?.LastCommitted ?? -1) + 1} steps are committed");
            return;
        }

        if (_seen != cluster.Version)
        {
            await Rebalance();
        }

        // The longer the history, the seldomer it is written: some 1 % of the time at most.
        if (Record.Events.Count > _eventsStored && time.GetElapsedTime(_lastStored) > deadlines.Store * (1 + (Record.Events.Count / 20_000)))
        {
            await Publish();
        }
    }

    private async Task Fail(string message)
    {
        if (_history.IsOver)
        {
            return;
        }

        Record.State = RunState.Failed;
        _over = time.GetTimestamp();
        _history.Add(new FailedEvent(message));
        _laidOut.TrySetResult();
        if (Record.Plan is not null)
        {
            // An UltraServer that cannot be reached will be refused when it speaks.
            await Quietly(() => OnAll(
                Record.Plan.UltraServers, index => Server(index, Record.PlacedGeneration).Abort(Ticket(0, Record.PlacedGeneration), CancellationToken.None),
                deadlines.Control, CancellationToken.None));
        }

        await Quietly(Publish);
    }

    /// <summary>First all loops, then all memory: an UltraServer may still be folding into another's buffers.</summary>
    private async Task CloseGeneration(int generation, CancellationToken cancellation)
    {
        int count = _spec!.Cluster.UltraServers;
        await Quietly(() => OnAll(count, index => Server(index, generation).Abort(Ticket(0, generation), cancellation), deadlines.Step, cancellation));
        await OnAll(count, index => Server(index, generation).Close(cancellation), deadlines.Step, cancellation);
    }

    /// <summary>A generation that will not begin.</summary>
    private Task Abandon(int generation) =>
        OnAll(_spec!.Cluster.UltraServers, index => Server(index, generation).Abandon(CancellationToken.None), deadlines.Control, CancellationToken.None);

    /// <summary>Whether something failed because a silo goes or is gone: another layout may work.</summary>
    private static bool GoesAway(Exception error) =>
        error is SiloLeavingException || GrainRetries.IsUnreachable(error);

    /// <summary>Reads and checks a spec, which may come from a program that does not.</summary>
    private static RunSpec Checked(string text)
    {
        try
        {
            RunSpec spec = StrictJson.Read<RunSpec>(text, "the run's spec");
            SpecCheck.Check(spec);
            return spec;
        }
        catch (InvalidDescriptionException error)
        {
            throw new RunFailedException(error.Message, error);
        }
    }

    /// <summary>Writes the record and tells the directory.</summary>
    private async Task Publish()
    {
        int events = Record.Events.Count;
        _lastStored = time.GetTimestamp();
        await _writes.WriteAsync();
        _eventsStored = events;
        await GrainFactory.GetGrain<IRunDirectory>(IRunDirectory.Key).Put(Describe(), CancellationToken.None).WaitAsync(deadlines.Control, time);
    }

    private RunStatus Describe() => new(
        Id, Record.State, _spec is null ? string.Empty : _spec.Model.Family.ToString().ToLowerInvariant(), _spec?.Cluster.UltraServers ?? 0,
        _spec?.Cluster.Chips ?? 0, (Record.Ledger?.LastCommitted ?? -1) + 1, _spec?.Training.Steps ?? 0,
        (Record.Events.FindLast(e => e is StepEvent) as StepEvent)?.Loss, Record.Started, Record.Generation, _history.IsOver ? null : Record.Plan,
        (Record.Events.LastOrDefault() as EndEvent)?.Digest, (Record.Events.LastOrDefault() as FailedEvent)?.Message);

    private double MedianRowsPerSecond()
    {
        double[] rates = [.. Record.Events.OfType<StepEvent>().Select(e => e.RowsPerSecond).Order()];
        return rates.Length == 0 ? 0 : rates[rates.Length / 2];
    }

    private Task AskNext(AfterStep next, CancellationToken cancellation) =>
        Server(0).Ask(Ticket(0), next, cancellation).WaitAsync(deadlines.Control, time, cancellation);

    private RunFailedException NoSuchRun() => new($"there is no run {Id} in this cluster; `trn runs` lists them");

    private StepTicket Ticket(long step) => Ticket(step, Record.Generation);

    private StepTicket Ticket(long step, int generation) => new(Id, generation, step);

    private IUltraServer Server(int index) => Server(index, Record.Generation);

    private IUltraServer Server(int index, int generation) => GrainFactory.GetGrain<IUltraServer>(GrainKeys.UltraServer(Id, generation, index));

    private Task OnAll(int count, Func<int, Task> call, TimeSpan deadline, CancellationToken cancellation) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(call)).WaitAsync(deadline, time, cancellation);

    /// <summary>For what is tried for order's sake: its failure changes nothing.</summary>
    private static async Task Quietly(Func<Task> work)
    {
        try
        {
            await work();
        }
#pragma warning disable CA1031 // See above.
        catch (Exception)
#pragma warning restore CA1031
        {
            // The silo is gone, or the grain has been closed already.
        }
    }
}
