using System.Runtime.CompilerServices;
using Orleans.Concurrency;
using Orleans.Runtime.Placement;
using Orleans.Storage;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Recovery;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Training;

namespace TrnOrleans.Grains;

/// <summary>
/// Supervises one run: lays its UltraServers out over the silos, collects their reports, watches that they go on, lays them out anew when
/// silos come and go or something fails, and tells whoever follows. What it knows is in its record, which moves with it; what it knows no
/// more, the replicas remember.
/// </summary>
[KeepAlive, Reentrant]
internal sealed partial class TrainingRun(
    [PersistentState("run", EmulatorHosting.Storage)] IPersistentState<RunRecord> storage, ClusterView cluster, LocalRuns localRuns, RunJournals journals,
    RunPoint point, Deadlines deadlines, TimeProvider time) : Grain, ITrainingRun
{
    // What fails so often without a step in between fails for a reason that another try does not take away.
    private const int MostFailures = 16;

    // A chip may fail twice in a row, and does so in the same way seldom.
    private const int SureOfDivergence = 3;

    private readonly Guid _self = Guid.NewGuid();
    private readonly Fence _fence = new();
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
    private bool _isGhost;

    /// <summary>A step has several phases with a deadline each, which name what hangs; this is for the case that nobody speaks at all.</summary>
    private TimeSpan SilenceDeadline => 4 * deadlines.Step;

    private string Id => this.GetPrimaryKeyString();

    // Not the storage's own: what that reads to find out who has written last is another's.
    private RunRecord Record { get; set; } = new();

    private SerialWrites Writes => field ??= new SerialWrites(WriteRecord);

    private RunLayout Layout => field ??= new RunLayout(Id, GrainFactory, cluster, deadlines, time);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Record = storage.State;
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
                Record.History = Guid.NewGuid();
                Recover("the run's own grain was lost", Record.Generation);
            }

            Record.IsHandedOver = false;
            await Writes.WriteAsync();
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        localRuns.Remove(Id);
        if (Record.Spec is not null && !_isGhost)
        {
            Record.IsHandedOver = _laying.IsCompleted;
            await Quietly(Writes.WriteAsync);
        }
    }

    public async Task Start(string spec, RunContent content, RunOptions options, CancellationToken cancellation)
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
        CheckOptions(options);
        Record.Spec = spec;
        (Record.Content, Record.Options) = (content, options);
        Record.State = RunState.Preparing;
        Record.Started = time.GetUtcNow();
        Record.History = Guid.NewGuid();
        _history = new RunHistory(Record.Events);
        StartWatch();
        Note(new RunBegun(Id, _spec.Training.Steps, _spec.Cluster.UltraServers, _spec.Cluster.Chips, options.Checkpoints?.Every ?? 0));
        try
        {
            await Publish();
            if (options is { Checkpoints: { } checkpoints, Resumes: false })
            {
                await Layout.BeginCheckpointsAsync(checkpoints.Folder);
            }

            _laying = LayOut(null, cancellation);
            await _laying;
        }
        catch (Exception error)
        {
            // Whoever follows, and whoever starts it again, must learn that this run is over.
            await Fail(error is OperationCanceledException ? "the run was cancelled while it was prepared" : error.Message);
            throw error is RunFailedException or RunMovingException or OperationCanceledException or TimeoutException ? error : new RunFailedException(error.Message, error);
        }
    }

    public async Task Stop(CancellationToken cancellation)
    {
        if (_spec is not null && !_history.IsOver)
        {
            Record.StopAsked = true;
            if (Record.State == RunState.Running && !_pausing)
            {
                // Who cannot be asked now is asked by the layout that comes next.
                await Quietly(() => AskNext(AfterStep.Stop, cancellation));
            }
        }
    }

    public async IAsyncEnumerable<RunEvent> Follow(int from, Guid history, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        if (_spec is null)
        {
            throw NoSuchRun();
        }

        if (from > 0 && history != Record.History)
        {
            throw new RunMovingException($"run {Id} is told anew, from its first event");
        }

        await foreach (RunEvent happened in _history.From(from, cancellation))
        {
            yield return happened;
        }
    }

    public Task<TensorBlock> ReadWeights(long offset, int length, CancellationToken cancellation) =>
        OfAReplica((host, address) => host.Read(address, 0, offset, length, cancellation));

    public Task<IReadOnlyList<string>?> Vocabulary(CancellationToken cancellation) =>
        OfAReplica((host, address) => host.Vocabulary(address.Run, cancellation));

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
        await Quietly(() => Layout.CloseAsync(Record.Generation + 1));
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
        while (!_history.IsOver && !_isGhost && Record.Plan is { } plan && plan.Shares.Any(s => s.Silo == silo))
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
            await Writes.WriteAsync();
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
        Reach(RunMoment.Committing, ticket.Step);
        if (Record.Ledger!.Commit(ticket.Step, report))
        {
            if (ticket.Step >= Record.Repeats.Below)
            {
                // Steps that a cold start has taken back are no progress: what fails behind them again and again must come to an end.
                Record.Failures = 0;
                Record.Divergences.Clear();
            }

            Remember(ticket.Step, report);
        }

        Watch(ticket.Step, report.Numerics);

        Reach(RunMoment.Committed, ticket.Step);
        return Task.CompletedTask;
    }

    public Task Checkpointed(StepTicket ticket, CheckpointReport report, CancellationToken cancellation)
    {
        // Told again when the answer was lost.
        if (_spec is not null && (Record.Events.FindLast(e => e is CheckpointEvent) as CheckpointEvent)?.Report != report)
        {
            _history.Add(new CheckpointEvent(report));
        }

        return Task.CompletedTask;
    }

    public async Task Validated(StepTicket ticket, ValidationReport report, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        _lastProgress = time.GetTimestamp();
        Reach(RunMoment.Validating, ticket.Step);
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
            Recover($"the replicas differ after step {ticket.Step}: {Record.Ledger.DigestsForPeople()}", ticket.Generation);
            return;
        }

        _history.Add(new ValidationEvent(ticket.Step + 1, loss, (double)whole.Hits / whole.Rows, digest, whole.Rows));

        // Steps the replicas remember, too; this nobody does.
        await Quietly(Store);
    }

    public async Task Finished(StepTicket ticket, FinishReport report, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        Reach(RunMoment.Finishing, ticket.Step);
        if (_history.IsOver || AllStandStill(ticket, report, "at the end") is not { } digest)
        {
            return;
        }

        bool stopped = Record.StopAsked && report.Steps < _spec!.Training.Steps;
        if (!stopped && report.SkippedSteps == report.Steps && report.Steps > 0)
        {
            // Weights as they were drawn are no success.
            await Fail($"none of {report.Steps} steps was an update: every gradient overflowed its format, and losses are still scaled by {LossScaler.ForPeople(report.LossScale)}; give a smaller loss_scale, or loss_scaling dynamic and more steps");
            return;
        }

        Record.State = stopped ? RunState.Stopped : RunState.Ended;
        _over = time.GetTimestamp();
        _history.Add(new EndEvent(
            report.Steps, stopped, digest, MedianRowsPerSecond(), (time.GetUtcNow() - Record.Started).TotalSeconds,
            _fence.Refused + Record.StaleMessages, Record.Events.Count(e => e is LayoutEvent), LinkTraffic.Sum(Record.Links), Record.Work));
        Note(new RunOver(report.Steps, digest, null));
        _laidOut.TrySetResult();
        Reach(RunMoment.Ended, ticket.Step);
        await Publish();
    }

    public Task Paused(StepTicket ticket, FinishReport report, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        if (!_history.IsOver && AllStandStill(ticket, report, $"after step {report.Steps - 1}") is not null)
        {
            Recover(null, ticket.Generation);
        }

        return Task.CompletedTask;
    }

    public async Task Failed(StepTicket ticket, FailureReport report, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        string message = report.Message;
        foreach (string place in report.Liars.Where(place => Record.Quarantined.Add((ticket.Generation, place))))
        {
            Note(new ChipQuarantined(place, ticket.Generation, ticket.Step));
        }

        if (report.Diverged)
        {
            // Told twice in a generation, it has still happened once.
            HashSet<int> generations = Record.Divergences.TryGetValue(message, out HashSet<int>? known) ? known : Record.Divergences[message] = [];
            generations.Add(ticket.Generation);
            if (generations.Count == SureOfDivergence)
            {
                // The same step came out the same on the same chips: no fault, but the training itself.
                await Fail(message);
                return;
            }
        }

        Recover(message, ticket.Generation, ticket.Step);
    }

    /// <summary>Whether all UltraServers stand, and with which digest; when they differ, the survey finds who is right.</summary>
    private string? AllStandStill(StepTicket ticket, FinishReport report, string when)
    {
        if (!Record.Ledger!.Finish(report))
        {
            return null;
        }

        Record.StaleMessages += Record.Ledger.Finished.Sum(f => f.StaleMessages);
        Record.Links.AddRange(Record.Ledger.Finished.SelectMany(f => f.Links));
        Record.Work = Record.Work.Then(Record.Ledger.Finished.Select(f => f.Work).Aggregate((all, next) => all.Beside(next)));
        if (Record.Ledger.AgreedDigest is { } digest)
        {
            return digest;
        }

        Recover($"the replicas differ {when}: {Record.Ledger.DigestsForPeople()}", ticket.Generation);
        return null;
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

        if (!_laying.IsCompleted)
        {
            return;
        }

        if (Record.State == RunState.Running && Record.Plan!.Shares.FirstOrDefault(s => cluster.IsLost(s.Silo)) is { } lost)
        {
            Recover($"silo {ClusterView.ForPeople(lost.Silo)} was lost, and with it {lost.ForPeople}", Record.Generation);
            return;
        }

        if (time.GetElapsedTime(_lastProgress) > SilenceDeadline)
        {
            _lastProgress = time.GetTimestamp();
            Recover($"no UltraServer has finished anything for {SilenceDeadline.TotalSeconds:F0} s", Record.Generation);
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
        if (_history.IsOver || _isGhost)
        {
            return;
        }

        // First the record: only whoever may write it may end the run.
        Record.State = RunState.Failed;
        await Quietly(Writes.WriteAsync);
        if (_isGhost)
        {
            return;
        }

        _over = time.GetTimestamp();
        _history.Add(new FailedEvent(message));
        Note(new RunOver((Record.Ledger?.LastCommitted ?? -1) + 1, null, message));
        _laidOut.TrySetResult();
        await Quietly(() => Layout.CloseAsync(Record.Generation + 1));
        await Quietly(Publish);
    }

    /// <summary>The same for what comes with it.</summary>
    private void CheckOptions(RunOptions options)
    {
        string? wrong =
            !RunName.IsValid(Id) ? $"{Id} cannot be the name of a run"
            : options.Checkpoints is { Every: < 1 } or { Keep: < 1 } ? "checkpoints are taken every so many steps, and so many are kept: at least 1 of both"
            : options.Verify is not (>= 0 and <= 1) || (options.Verify > 0 && _spec!.Cluster.Chips < 2) ? "a share from 0 to 1 of the steps can be verified, on UltraServers of at least 2 chips"
            : options is { Resumes: true, Checkpoints: null } ? "a run that goes on from a checkpoint needs their folder"
            : null;
        if (wrong is not null)
        {
            _spec = null;
            throw new RunFailedException(wrong);
        }
    }

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

    /// <exception cref="RunMovingException">the run's own grain lives elsewhere by now: this one is a ghost, and may change nothing.</exception>
    private async Task WriteRecord()
    {
        if (_isGhost)
        {
            // What it has read to find that out would let it write over the record of the one that lives.
            throw TakenUp();
        }

        point.Reached(RunMoment.Writing, Ticket((Record.Ledger?.LastCommitted ?? -1) + 1), Record.Options);
        Record.Writer = _self;
        try
        {
            await storage.WriteStateAsync();
        }
        catch (InconsistentStateException)
        {
            if (await WriteAnew())
            {
                return;
            }

            throw GiveUp();
        }
    }

    /// <summary>A moment at which this grain can be lost with all that it has not written; whoever lives next knows only what is.</summary>
    /// <exception cref="RunMovingException">it is.</exception>
    private void Reach(RunMoment moment, long step)
    {
        try
        {
            point.Reached(moment, new StepTicket(Id, Record.PlacedGeneration, step), Record.Options);
        }
        catch (ConductorLostException)
        {
            throw GiveUp();
        }
    }

    /// <summary>From here on this grain is a ghost: it writes nothing, ends nothing, and tells its followers to look elsewhere.</summary>
    private RunMovingException GiveUp()
    {
        _isGhost = true;
        _watch?.Dispose();
        _watch = null;
        _history.Interrupt();
        _laidOut.TrySetResult();
        DeactivateOnIdle();
        return TakenUp();
    }

    private RunMovingException TakenUp() => new($"run {Id} has been taken up on another silo");

    /// <summary>
    /// A store that has lost the record, as a Redis that was flushed, has not given it to anybody else; and one that answers too late, as a
    /// Redis that hung, has taken what this grain wrote before: in both cases it is still the only one.
    /// </summary>
    private async Task<bool> WriteAnew()
    {
        await storage.ReadStateAsync();
        bool isOurs = !storage.RecordExists || storage.State.Writer == _self;
        storage.State = Record;
        if (!isOurs)
        {
            return false;
        }

        try
        {
            await storage.WriteStateAsync();
            return true;
        }
        catch (InconsistentStateException)
        {
            // Another one was faster.
            return false;
        }
    }

    /// <summary>Writes the record.</summary>
    private async Task Store()
    {
        int events = Record.Events.Count;
        _lastStored = time.GetTimestamp();
        await Writes.WriteAsync();
        _eventsStored = events;
    }

    /// <summary>Writes the record and tells the directory.</summary>
    private async Task Publish()
    {
        await Store();
        await GrainFactory.GetGrain<IRunDirectory>(IRunDirectory.Key).Put(Describe(), CancellationToken.None).WaitAsync(deadlines.Control, time);
    }

    /// <summary>Writes in the journal, if one is kept; a disk that is full costs the journal, and not the run.</summary>
    private void Note(JournalEntry entry)
    {
        if (Record.Options.Journals)
        {
            journals.Write(Id, entry);
        }
    }

    private Task<T> OfAReplica<T>(Func<IReplicaHost, ReplicaAddress, Task<T>> ask) =>
        _closed || Record.Events is not [.., EndEvent end] || Record.Plan is null
            ? throw new RunFailedException($"the weights of run {Id} are no longer in the cluster's memory")
            : Layout.AskAnyAsync(Record.Plan, (host, share) => ask(host, new ReplicaAddress(Id, share.First, end.Steps)));

    private RunStatus Describe() => new(
        Id, Record.State, _spec is null ? string.Empty : _spec.Model.Family.ToString().ToLowerInvariant(), _spec?.Cluster.UltraServers ?? 0,
        _spec?.Cluster.Chips ?? 0, (Record.Ledger?.LastCommitted ?? -1) + 1, _spec?.Training.Steps ?? 0,
        (Record.Events.FindLast(e => e is StepEvent) as StepEvent)?.Loss, Record.Started, Record.Generation, _history.IsOver ? null : Record.Plan,
        (Record.Events.LastOrDefault() as EndEvent)?.Digest, (Record.Events.LastOrDefault() as FailedEvent)?.Message,
        Record.History);

    private double MedianRowsPerSecond()
    {
        double[] rates = [.. Record.Events.OfType<StepEvent>().Select(e => e.RowsPerSecond).Order()];
        return rates.Length == 0 ? 0 : rates[rates.Length / 2];
    }

    private Task AskNext(AfterStep next, CancellationToken cancellation) =>
        GrainFactory.GetGrain<IUltraServer>(GrainKeys.UltraServer(Id, Record.Generation, 0)).Ask(Ticket(0), next, cancellation).WaitAsync(deadlines.Control, time, cancellation);

    private RunFailedException NoSuchRun() => new($"there is no run {Id} in this cluster; `trn runs` lists them");

    private StepTicket Ticket(long step) => new(Id, Record.Generation, step);

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
