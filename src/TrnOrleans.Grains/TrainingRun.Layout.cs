using Orleans.Storage;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Recovery;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Grains;

/// <content>How a run is laid out over the silos, at its start and whenever something fails or silos come and go.</content>
internal sealed partial class TrainingRun
{
    /// <summary>Lays the run out anew, unless that has been done since the generation that it is asked for.</summary>
    /// <param name="why">What failed; null when nothing did, and UltraServers only move.</param>
    /// <param name="generation">The generation that cannot go on.</param>
    /// <param name="step">Where it stands; null when nobody can know yet: reports of the last steps may be lost.</param>
    private void Recover(string? why, int generation, long? step = null)
    {
        // Not awaited: it halts the UltraServers that are telling us.
        _laying = After(_laying);

        async Task After(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (_history.IsOver || _isGhost || Record.Generation != generation)
            {
                return;
            }

            if (why is not null && ++Record.Failures > MostFailures)
            {
                await Fail($"{Record.Failures} failures without a step in between, and the last was: {why}");
                return;
            }

            try
            {
                if (why is not null)
                {
                    // The last that has trained: a recovery that was lost with this grain's silo may have taken a higher number already.
                    Note(new FaultDetected(why, Id, Record.PlacedGeneration, step, IsCorruption: false));
                }

                await LayOut(why, CancellationToken.None);
            }
#pragma warning disable CA1031 // Whatever went wrong becomes the named end of the run.
            catch (Exception error)
#pragma warning restore CA1031
            {
                await Fail(why is null ? $"the run could not move to other silos: {error.Message}" : $"{why}; the run could not go on: {error.Message}");
            }
        }
    }

    /// <summary>
    /// A new generation, from the newest step that a replica has whole: replicas are taken over where they are, copied to where they are
    /// not, and then all start.
    /// </summary>
    /// <param name="why">What failed, or null.</param>
    /// <param name="cancellation">Gives up preparing.</param>
    private async Task LayOut(string? why, CancellationToken cancellation)
    {
        long began = time.GetTimestamp();
        while (!_history.IsOver)
        {
            try
            {
                await BeginGeneration(why, began, cancellation);
                break;
            }
            catch (Exception error) when (
                error is not (RunFailedException or RunMovingException or OperationCanceledException or InvalidDescriptionException or OutOfMemoryException)
                && time.GetElapsedTime(began) < deadlines.Recovery)
            {
                if (error is SiloLeavingException { Silo: { } silo })
                {
                    Record.Leaving.Add(silo);
                }

                // A moment for the membership to find out who is gone.
                await Task.Delay(deadlines.Watch, time, cancellation);
            }
        }

        TaskCompletionSource laidOut = _laidOut;
        _laidOut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        laidOut.TrySetResult();
    }

    private async Task BeginGeneration(string? why, long began, CancellationToken cancellation)
    {
        // Written before anything works under its number: should this grain be lost, the next one takes a higher one.
        Record.Generation++;
        _fence.Raise(Id, Record.Generation);
        await Writes.WriteAsync();
        long from = LastRemembered + 1;
        Reach(RunMoment.GenerationTaken, from);
        Survey survey = Record.PlacedGeneration == 0 ? Survey.Empty : await Layout.HaltAsync(Record.Generation, Record.PlacedGeneration, from);
        Reach(RunMoment.Halted, from);
        IReadOnlyList<ReplicaState> whole = survey.Newest();
        bool isLost = whole.Count == 0 && Record.PlacedGeneration > 0;
        CheckpointState? checkpoint = isLost || (whole.Count == 0 && Record.Options.Resumes) ? await NewestCheckpoint(survey) : null;
        long step = checkpoint?.Step ?? (whole.Count == 0 ? 0 : whole[0].Steps);
        IReadOnlyList<StepCommit> known = checkpoint is null || !isLost ? survey.Commits : checkpoint.Commits;
        foreach (StepCommit commit in known.Where(c => c.Step < step))
        {
            Remember(commit.Step, commit.Report);
        }

        if (isLost)
        {
            // Until all train again: an attempt that fails leaves replicas, which are not those that were lost.
            Record.IsCold = true;
            Record.Repeats = new RepeatedSteps(Math.Max(Record.Repeats.Below, LastRemembered + 2), Record.Repeats.ColdStarts + 1);
        }

        PlacementPlan plan = MakePlan();
        bool validates = step > 0 && _spec!.Training.ValidatesAfter(step - 1) && !Record.Events.Exists(e => e is ValidationEvent v && v.Step == step);
        await Layout.PrepareAsync(
            [.. Enumerable.Range(0, plan.UltraServers).Select(index =>
                new PrepareOrder(Id, Record.Generation, index, Record.Spec!, plan, step, Source(index, plan, whole, checkpoint), Record.Content, Record.Options, Record.Failures, validates, Record.Repeats,
                [.. Record.Quarantined.Select(q => q.Place)]))],
            cancellation);
        Reach(RunMoment.Prepared, step);
        if (_history.IsOver)
        {
            // Failed, or closed, while it was prepared.
            await Layout.CloseAsync(Record.Generation + 1);
            return;
        }

        Record.Plan = plan;
        Record.PlacedGeneration = Record.Generation;
        Record.Ledger = new CommitLedger(plan.UltraServers, step);
        Record.State = RunState.Running;
        _pausing = false;
        _lastProgress = time.GetTimestamp();
        _history.Add(new LayoutEvent(Record.Generation, step, plan));
        Note(new GenerationBegun(Record.Generation, step, [.. plan.Shares.Select(s => ClusterView.ForPeople(s.Silo))]));
        await Store();
        Reach(RunMoment.LaidOut, step);
        StartWatch();
        await Layout.TrainAsync(plan, Ticket(step));
        Reach(RunMoment.Started, step);
        if (why is not null)
        {
            // A cold start goes back to where its checkpoint is; else only the step in flight was lost.
            long again = Record.IsCold ? Math.Max(0, LastRemembered + 1 - step) : 1;
            double seconds = time.GetElapsedTime(began).TotalSeconds;
            _history.Add(new RecoveryEvent(why, step, again, seconds));
            Note(new RunRecovered(why, Record.Generation, step, again, seconds, Record.IsCold));
        }

        Record.IsCold = false;

        await Quietly(Publish);
        Layout.CloseAsync(Record.Generation).Ignore();
        if (Record.StopAsked)
        {
            await Quietly(() => AskNext(AfterStep.Stop, cancellation));
        }
    }

    private NumericsEvent? _watched;

    /// <summary>The last step that the history has; −1 when it has none.</summary>
    private long LastRemembered => (Record.Events.FindLast(e => e is StepEvent) as StepEvent)?.Step ?? -1;

    /// <summary>Adds a committed step to the history, once, however often it was computed.</summary>
    private void Remember(long step, CommitReport report)
    {
        if (step > LastRemembered)
        {
            double rows = (double)_spec!.Training.Batch * _spec.Model.RowsPerSample;
            _history.Add(new StepEvent(step, report.Loss, _spec.Training.ToSchedule().At(step), report.GradientNorm, rows / report.StepSeconds, report.Delays ?? [],
                report.LossScale, report.IsSkipped, report.SkippedSteps));
        }
    }

    /// <summary>
    /// What formats did in a step goes into the history behind the step, once. Only a live report brings it: a step that is learnt of in a
    /// recovery has lost it, and nothing else.
    /// </summary>
    private void Watch(long step, TensorNumerics[]? numerics)
    {
        if (numerics is not null)
        {
            _watched = new NumericsEvent(step, numerics);
        }

        if (_watched is { } watched && watched.Step <= LastRemembered)
        {
            _watched = null;
            if (((Record.Events.FindLast(e => e is NumericsEvent) as NumericsEvent)?.Step ?? -1) < watched.Step)
            {
                _history.Add(watched);
            }
        }
    }

    /// <summary>Where no replica is left: the newest checkpoint that is whole; null for step 0, which is as good as one before the first.</summary>
    /// <exception cref="SiloUnavailableException">a silo that cannot be reached for a moment may have a replica.</exception>
    /// <exception cref="RunFailedException">there are checkpoints, and none can be used; or none are kept.</exception>
    private async Task<CheckpointState?> NewestCheckpoint(Survey survey)
    {
        if (!survey.IsWhole)
        {
            throw new SiloUnavailableException("a silo does not answer");
        }

        string folder = Record.Options.Checkpoints?.Folder
            ?? throw new RunFailedException("no silo is left that has a replica, and the run keeps no checkpoints (--checkpoint-dir)");
        CheckpointSurvey found = await Layout.NewestCheckpointAsync(folder, Record.Spec!);
        foreach (RefusedCheckpoint refused in found.Refused)
        {
            Note(new CheckpointFailed(Record.Generation, refused.Step, refused.Why));
            _history.Add(new CheckpointEvent(new CheckpointReport(refused.Step, folder, 0, 0, refused.Why)));
        }

        return found.Newest ?? (found.Refused is [var first, ..] ? throw new RunFailedException($"no checkpoint in {folder} can be used: {first.Why}")
            : Record.PlacedGeneration == 0 ? throw new RunFailedException($"there are no checkpoints in {folder}")
            : null);
    }

    /// <summary>What an UltraServer copies when it has no replica of its own: one on its silo, if there is one; or a checkpoint.</summary>
    private static ReplicaSource? Source(int index, PlacementPlan plan, IReadOnlyList<ReplicaState> whole, CheckpointState? checkpoint)
    {
        if (checkpoint is not null)
        {
            return new ReplicaSource(checkpoint.Silo, -1, checkpoint.Digest, checkpoint.Folder);
        }

        string silo = plan.ShareOf(index).Silo;
        ReplicaState? source = whole.FirstOrDefault(r => r.Silo == silo && r.UltraServer == index) ?? whole.FirstOrDefault(r => r.Silo == silo)
            ?? (whole.Count == 0 ? null : whole[index % whole.Count]);
        return source is null ? null : new ReplicaSource(source.Silo, source.UltraServer, source.Digest);
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
}
