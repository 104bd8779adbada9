using Orleans.Concurrency;
using TrnOrleans.Grains.Checkpoints;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Recovery;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Verification;
using TrnOrleans.Hardware;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Training;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Grains;

/// <summary>
/// One replica on its way through the steps of a generation: chips compute, the switch folds, UltraServers sum, chips update their shards,
/// the step is reported. The loop is a task of its own, so that messages get in between. When it ends, in whatever way, the replica stands
/// still and the grain goes.
/// </summary>
[UltraServerPlacement, KeepAlive, Reentrant]
internal sealed class UltraServer(
    ReplicaStore replicas, ComputeEngine engine, CheckpointWriter checkpoints, RunJournals journals, Deadlines deadlines, TimeProvider time)
    : Grain, IUltraServer, IDisposable
{
    // A chip that fails so often in one step is started anew, with its generation; a block that is lost so often has no link.
    private const int ChipAttempts = 4;
    private const int LinkAttempts = 4;
    private const int StepsForAnAnswer = 4;
    private const int MostDoublings = 10;

    private readonly Fence _fence = new();
    private readonly CancellationTokenSource _abort = new();
    private TaskScheduler? _turns;
    private PrepareOrder? _order;
    private Replica? _replica;
    private SiloCollective? _collective;
    private ITrainiumChip[] _chips = [];
    private ShardDigest[] _shards = [];
    private INeuronSwitch? _switch;
    private ITrainingRun? _run;
    private Task? _loop;
    private Task _sending = Task.CompletedTask;
    private RepeatableCalls? _chipCalls;
    private RepeatableCalls? _linkCalls;
    private AfterStep _next;
    private bool _wasRepeated;
    private TensorNumerics[]? _numerics;
    private bool _isRetired;
    private long _step;

    private RunSpec Spec => _replica!.Spec;

    private bool IsFirstOnSilo => _order!.Plan.IsFirstOnSilo(_order.UltraServer);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _turns = TaskScheduler.Current;
        return Task.CompletedTask;
    }

    /// <summary>However it comes about that this grain goes: its loop must not go on without it.</summary>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        bool isOnItsWay = _loop is { IsCompleted: false } && !_abort.IsCancellationRequested;
        await EndLoop();
        if (isOnItsWay)
        {
            // Nobody has halted it: the run must learn of it, or would wait for a step that nobody computes.
            await Report(new StepTicket(_order!.Run, _order.Generation, _step), new RunFailedException($"the grain of UltraServer {_order.UltraServer} was lost in step {_step}"));
        }
    }

    public async Task Prepare(PrepareOrder order, CancellationToken cancellation)
    {
        _fence.Raise(order.Run, order.Generation);
        _order = order;
        Replica replica;
        try
        {
            replica = await replicas.BuildAsync(order, cancellation).WaitAsync(deadlines.Prepare, time, cancellation);
        }
        catch (Exception error) when (error is InvalidDescriptionException or InvalidWeightsException)
        {
            throw new RunFailedException(error.Message);
        }

        _replica = replica;
        replica.WorkedOnBy(order.Generation, () => Task.Factory.StartNew(EndLoop, CancellationToken.None, TaskCreationOptions.None, _turns!).Unwrap());
        _collective = replicas.Collective(order.Run, order.Generation);
        _chipCalls = new RepeatableCalls(ChipAttempts, ChipDeadline, error => error is ChipErrorException { Status: not NeuronStatus.HbmUncorrectable }, Failed);
        _linkCalls = new RepeatableCalls(LinkAttempts, _ => deadlines.Block + _replica!.LongestComputation, error => error is CorruptBlockException, Failed);
        _run = GrainFactory.GetGrain<ITrainingRun>(order.Run);
        _switch = GrainFactory.GetGrain<INeuronSwitch>(GrainKeys.UltraServer(order.Run, order.Generation, order.UltraServer));
        await _switch.Prepare(order, cancellation).WaitAsync(deadlines.Control, time, cancellation);
        _chips = [.. Enumerable.Range(0, Spec.Cluster.Chips).Select(chip =>
            GrainFactory.GetGrain<ITrainiumChip>(GrainKeys.Chip(order.Run, order.Generation, order.UltraServer, chip, order.Spare(chip))))];
        await Task.WhenAll(_chips.Select((chip, index) => chip.Prepare(order, index, cancellation))).WaitAsync(deadlines.Prepare, time, cancellation);
        if (replica.Steps != order.Step)
        {
            ReplicaSource source = order.Source ?? throw new RunFailedException($"there is no replica of step {order.Step} to copy");
            await ReplicaCopy.FetchAsync(GrainFactory, order, source, replica, cancellation).WaitAsync(deadlines.Prepare, time, cancellation);
            string digest = await Digest(new StepTicket(order.Run, order.Generation, order.Step), cancellation);
            replica.Steps = digest == source.Digest ? order.Step : throw new RunFailedException(
                $"the copy of {source} at step {order.Step} has digest {digest[..12]}, and the original {source.Digest[..12]}");
        }

        if (order.Options.Verify > 0)
        {
            // What a chip holds now is what it must hold until its next update.
            _shards = await Shards(new StepTicket(order.Run, order.Generation, order.Step), cancellation);
        }
    }

    public Task Train(StepTicket first, CancellationToken cancellation)
    {
        Check(first);
        if (_loop is null)
        {
            _sending = IsFirstOnSilo ? _collective!.Links.RunAsync(Send, _collective.Exchange.Fail, _abort.Token) : Task.CompletedTask;
            _loop = Loop(first, _abort.Token);
        }

        return Task.CompletedTask;
    }

    public Task Ask(StepTicket ticket, AfterStep next, CancellationToken cancellation)
    {
        Check(ticket);
        _next = next;
        return Task.CompletedTask;
    }

    public Task Exchange(StepTicket ticket, ExchangeBlock block, CancellationToken cancellation)
    {
        Check(ticket);

        // A late or doubled one is dropped and counted there; who sent it need not know.
        _collective!.Exchange.Accept(ticket.Step, block);
        return Task.CompletedTask;
    }

    public Task Notify(StepTicket ticket, StepNotice notice, CancellationToken cancellation)
    {
        Check(ticket);
        _collective!.Exchange.Accept(ticket.Step, notice);
        return Task.CompletedTask;
    }

    public void Dispose() => _abort.Dispose();

    private void Check(StepTicket ticket)
    {
        if (_order is null)
        {
            // A message of the past has called back a grain that was gone.
            DeactivateOnIdle();
        }

        _fence.Check(ticket);
    }

    /// <summary>
    /// All chips of a silo share its compute threads, so that the last one may take a whole step. Who is asked again for no good reason
    /// loses nothing; each time, and in each generation that begins with the same step, it gets twice as long.
    /// </summary>
    private TimeSpan ChipDeadline(int attempt)
    {
        TimeSpan longest = _replica!.LongestComputation;
        TimeSpan first = longest == TimeSpan.Zero ? deadlines.FirstStep : deadlines.Chip + (StepsForAnAnswer * longest);
        TimeSpan doubled = first * (1 << Math.Min((attempt / ChipAttempts) + (attempt % ChipAttempts), MostDoublings));
        return doubled < deadlines.Step ? doubled : deadlines.Step;
    }

    /// <summary>Something failed, and is tried again.</summary>
    private void Failed(StepTicket ticket, Exception error)
    {
        _wasRepeated = true;
        if (_order!.Options.Journals)
        {
            string site = GrainKeys.UltraServer(ticket.Run, ticket.Generation, _order.UltraServer);
            journals.Write(ticket.Run, new FaultDetected(error.Message, site, ticket.Generation, ticket.Step, error is CorruptBlockException or CorruptionException));
        }
    }

    private async Task EndLoop()
    {
        if (_isRetired || _loop is { IsCompleted: true })
        {
            // Its neighbours on the silo may still be on their last step; or it has been halted before, and the grain is gone.
            return;
        }

        await _abort.CancelAsync();
        _collective?.Exchange.Fail(new OperationCanceledException("the generation is over"));
        if (_loop is null)
        {
            Retire();
            return;
        }

        await _loop;
    }

    /// <summary>Nothing more will be asked of this generation's grains.</summary>
    private void Retire()
    {
        _isRetired = true;
        foreach (ITrainiumChip chip in _chips)
        {
            chip.Close(CancellationToken.None).Ignore();
        }

        _switch?.Close(CancellationToken.None).Ignore();
        DeactivateOnIdle();
    }

    /// <summary>To the first UltraServer of another silo, which takes it for all of that silo.</summary>
    private Task Send(OutgoingBlock outgoing)
    {
        PrepareOrder order = _order!;
        IUltraServer peer = GrainFactory.GetGrain<IUltraServer>(
            GrainKeys.UltraServer(order.Run, order.Generation, order.Plan.Shares[outgoing.Silo].First));
        StepTicket ticket = new(order.Run, order.Generation, outgoing.Step);
        return _linkCalls!.MakeAsync(
            ticket,
            async (t, c) =>
            {
                await (outgoing.Block is { } block ? peer.Exchange(t, block, c) : peer.Notify(t, outgoing.Notice!, c));
                return true;
            },
            _abort.Token);
    }

    /// <summary>Never throws: what goes wrong is reported to the run, which recovers or names it.</summary>
    private async Task Loop(StepTicket ticket, CancellationToken cancellation)
    {
        // The caller's turn ends here; the steps are turns of their own. Attempts at the first one count on from earlier generations.
        await Task.Yield();
        ticket = ticket with { Attempt = (_order!.Failures + _order.Repeats.Of(ticket.Step)) * ChipAttempts };
        try
        {
            if (_order!.Validates)
            {
                await Validate(ticket with { Step = ticket.Step - 1 }, cancellation);
            }

            AfterStep next = AfterStep.Continue;
            Task reported = Task.CompletedTask;
            for (; ticket.Step < Spec.Training.Steps && next == AfterStep.Continue; ticket = Next(ticket))
            {
                (next, CommitReport report) = await Step(ticket, cancellation);

                // The report of the step before has had a whole step to arrive: the run is not waited for.
                await reported;
                reported = Tell(ticket, (run, t) => run.Committed(t, report, cancellation));
                await Save(ticket with { Step = ticket.Step + 1 }, next, cancellation);
                if (next == AfterStep.Stop || Spec.Training.ValidatesAfter(ticket.Step))
                {
                    await reported;
                    await Validate(ticket, cancellation);
                }
            }

            await reported;
            await Saved(cancellation);
            bool paused = next == AfterStep.Pause && ticket.Step < Spec.Training.Steps;
            long refused = _fence.Refused + await _switch!.StaleMessages(cancellation).WaitAsync(deadlines.Control, time, cancellation);
            LossScaler scaler = _replica!.ReadLossScaler();
            FinishReport finish = new(
                _order!.UltraServer, ticket.Step, await Digest(ticket, cancellation),
                IsFirstOnSilo ? refused + _collective!.Exchange.Dropped : refused, IsFirstOnSilo ? _collective!.Links.Traffic : [],
                _replica!.Counted with { Steps = ticket.Step - _order.Step, ScaleOutBytes = IsFirstOnSilo ? _collective!.Exchange.CarriedBytes : 0 }, scaler.Skipped, scaler.Scale);
            await Tell(ticket, (run, t) => paused ? run.Paused(t, finish, cancellation) : run.Finished(t, finish, cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Halted by whoever lays the run out anew, who knows why.
        }
#pragma warning disable CA1031 // The boundary of the loop: every failure becomes a recovery or a named end of the run.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await Report(ticket, error);
        }
        finally
        {
            Retire();
        }
    }

    private StepTicket Next(StepTicket ticket) =>
        ticket with { Step = ticket.Step + 1, Attempt = _order!.Repeats.Of(ticket.Step + 1) * ChipAttempts };

    /// <summary>Takes a checkpoint when one is due; one replica's is as good as another's, so the first UltraServer does it.</summary>
    /// <param name="ticket">Its step is the number of committed steps.</param>
    /// <param name="next">What comes after.</param>
    /// <param name="cancellation">Gives up.</param>
    private async Task Save(StepTicket ticket, AfterStep next, CancellationToken cancellation)
    {
        if (_order!.UltraServer == 0 && _order.Options.Checkpoints is { } options
            && (options.IsDue(ticket.Step) || next == AfterStep.Stop || ticket.Step == Spec.Training.Steps))
        {
            await checkpoints.TakeAsync(_order, ticket, _replica!, _shards.Length == 0 ? null : ReplicaDigest.Of(_shards), cancellation);
        }
    }

    /// <summary>Nobody is told that a run is over before its last checkpoint is on the disk, or has failed.</summary>
    private async Task Saved(CancellationToken cancellation)
    {
        if (_order!.UltraServer == 0)
        {
            // A disk that hangs costs the last checkpoint, and not the run.
            await ((Task)Task.WhenAny(checkpoints.IdleAsync(_order.Run), Task.Delay(deadlines.Step, time, cancellation))).WaitAsync(cancellation);
        }
    }

    private async Task<(AfterStep Next, CommitReport Report)> Step(StepTicket ticket, CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        _step = ticket.Step;
        _wasRepeated = false;
        Replica replica = _replica!;
        ScaleOutExchange exchange = _collective!.Exchange;
        await exchange.BeginAsync(ticket.Step).WaitAsync(deadlines.Step, time, cancellation);
        await _switch!.Open(ticket, cancellation).WaitAsync(deadlines.Control, time, cancellation);
        long computing = time.GetTimestamp();
        double lossSum = await ComputeGradients(ticket, cancellation);
        if (!_wasRepeated && time.GetElapsedTime(computing) > replica.LongestComputation)
        {
            replica.LongestComputation = time.GetElapsedTime(computing);
        }

        StepOutcome outcome = await exchange.FinishAsync(ticket.Step, _order!.UltraServer, lossSum, _next, replica.Delays.Take(ticket.Step, _order.UltraServer * _chips.Length)).WaitAsync(deadlines.Step, time, cancellation);
        double loss = outcome.LossSum / replica.RowsPerStep;
        LossScaler scaler = replica.ReadLossScaler();
        (double norm, float scale) = await ScaleOfGradient(ticket, exchange, scaler, cancellation);
        await Apply(ticket, scale);
        TimeSpan took = time.GetElapsedTime(start);
        bool isSkipped = float.IsNaN(scale);
        CommitReport report = new(
            _order.UltraServer, loss, norm, took.TotalSeconds, outcome.Delays, replica.ScalesLoss ? scaler.Scale : 0, isSkipped,
            scaler.Skipped + (isSkipped ? 1 : 0), _numerics);

        // What formats did is told once, and is no part of what a replica remembers.
        replica.Commits.Add(ticket.Step, report with { Numerics = null });
        replica.Steps = ticket.Step + 1;
        exchange.Release(ticket.Step);
        return (outcome.Next, report);
    }

    /// <summary>What the gradient is multiplied by in the update: takes the scale of the loss out, and clips. NaN where it has overflowed, and the step is no update.</summary>
    /// <param name="ticket">The step.</param>
    /// <param name="exchange">Of all UltraServers on this silo: the norm is computed once.</param>
    /// <param name="scaler">Of the loss.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The norm before clipping, 0 where nobody asks for it; and the factor.</returns>
    /// <exception cref="DivergenceException">it is not a number, and no smaller scale would make it one.</exception>
    private async Task<(double Norm, float Factor)> ScaleOfGradient(StepTicket ticket, ScaleOutExchange exchange, LossScaler scaler, CancellationToken cancellation)
    {
        Replica replica = _replica!;
        if (Spec.Training.Clip == 0 && !replica.ScalesLoss)
        {
            return (0, 1);
        }

        double norm = await exchange.OnceAsync(ticket.Step, () => GradientNorm(replica)).WaitAsync(deadlines.Step, time, cancellation) / scaler.Scale;
        if (double.IsFinite(norm))
        {
            return (norm, GlobalNorm.ClipFactor(norm, Spec.Training.Clip) / scaler.Scale);
        }

        if (!replica.ScalesLoss)
        {
            throw new DivergenceException($"the gradient's norm became {norm} at step {ticket.Step}, before its update; a lower --learning-rate may help");
        }

        if (scaler.Overflows >= LossScaler.MostOverflows)
        {
            throw new DivergenceException(
                $"the gradient has overflowed in {scaler.Overflows + 1} steps one after the other, the last one with its loss scaled by {LossScaler.ForPeople(scaler.Scale)}, at step {ticket.Step}; a lower --learning-rate or a wider format of gradients may help");
        }

        // Too large a number for its format, and not for the run: the next steps are scaled less.
        return (0, float.NaN);
    }

    private async Task<double> GradientNorm(Replica replica)
    {
        double norm = 0;
        await engine.RunAsync(() => norm = replica.GradientNorm());
        return norm;
    }

    /// <summary>All chips in order of their index, each as soon as there is a buffer for its gradient; the sum of their losses, in that order.</summary>
    private async Task<double> ComputeGradients(StepTicket ticket, CancellationToken cancellation)
    {
        using CancellationTokenSource failed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task overdue = Task.Delay(ChipDeadline(ticket.Attempt), time, failed.Token);
        List<Task<GradientReport>> gradients = new(_chips.Length);
        try
        {
            foreach (ITrainiumChip chip in _chips)
            {
                // Handing buffers out in order keeps the tree's promise of few partial sums, and so of progress with few buffers.
                int buffer = await _replica!.Gradients.RentAsync(failed.Token).AsTask().WaitAsync(deadlines.Step, time, failed.Token);
                gradients.Add(Watched(
                    _chipCalls!.MakeOneOfManyAsync(ticket, (t, c) => chip.ComputeGradient(t, buffer, c), overdue, failed.Token), failed));
            }

            GradientReport[] all = await Task.WhenAll(gradients).WaitAsync(deadlines.Step, time, failed.Token);
            await Verify(ticket, all, failed.Token);
            _numerics = all[0].Numerics;

            // Ends the timer, too.
            await failed.CancelAsync();
            return Sum(ticket, all);
        }
        catch
        {
            // Kernels that have started work on memory that the next generation takes over; and one of them says what went wrong.
            await failed.CancelAsync();
            await ((Task)Task.WhenAll(gradients)).WaitAsync(deadlines.Step, time, CancellationToken.None)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellation.ThrowIfCancellationRequested();
            if (gradients.Find(l => l.IsFaulted && l.Exception.InnerException is not OperationCanceledException) is { } first)
            {
                await first;
            }

            throw;
        }
    }

    /// <summary>Before the step can be committed anywhere, which takes every UltraServer's word: what chosen chips hold is hashed again, and what they computed is computed again.</summary>
    /// <exception cref="CorruptionException">a chip has other bits than it must.</exception>
    private async Task Verify(StepTicket ticket, GradientReport[] gradients, CancellationToken cancellation)
    {
        int[] chosen = [.. Enumerable.Range(0, gradients.Length).Where(chip => IsVerified(ticket.Step, chip))];
        if (chosen.Length == 0)
        {
            return;
        }

        await VerifyMemory(ticket, chosen, cancellation);
        Witnesses witnesses = new(_chips.Length, (witness, whose, isThird) => Recompute(
            isThird ? ticket with { Attempt = ticket.Attempt + 1 } : ticket, witness, whose, cancellation));
        int?[] found = await Task.WhenAll(chosen.Select(chip => witnesses.LiarAsync(chip, gradients[chip])));
        int[] liars = [.. found.OfType<int>().Distinct().Order()];
        if (liars.Length > 0)
        {
            // Weights that changed meanwhile make liars of honest chips.
            await VerifyMemory(ticket, [.. Enumerable.Range(0, _chips.Length)], cancellation);
            string who = liars.Length == 1 ? $"chip {Place(liars[0])} has" : $"chips {string.Join(", ", liars.Select(Place))} have";
            throw new CorruptionException($"{who} computed other bits than two others at step {ticket.Step}; a spare takes the place") { Liars = liars };
        }
    }

    private async Task VerifyMemory(StepTicket ticket, int[] chips, CancellationToken cancellation)
    {
        ShardDigest[] now = await Task.WhenAll(chips.Select(chip => _chips[chip].Digest(ticket, cancellation))).WaitAsync(deadlines.Step, time, cancellation);
        int[] rotten = [.. chips.Where((chip, i) => now[i] != _shards[chip])];
        if (rotten.Length > 0)
        {
            Array.ForEach(rotten, _replica!.LoseShard);
            throw new CorruptionException($"bits in the memory of chip {string.Join(", ", rotten.Select(Place))} have changed by themselves before step {ticket.Step}");
        }
    }

    private async Task<GradientReport> Recompute(StepTicket ticket, int witness, int chip, CancellationToken cancellation)
    {
        Replica replica = _replica!;
        int buffer = await replica.Gradients.RentAsync(cancellation).AsTask().WaitAsync(deadlines.Step, time, cancellation);
        replica.Delays.Add(ticket.Step, witness, kernels: 1, seconds: 0);
        GradientReport report = await _chips[witness].Recompute(ticket, chip, buffer, cancellation).WaitAsync(deadlines.Step, time, cancellation);
        replica.Gradients.Return(buffer);
        return report;
    }

    private bool IsVerified(long step, int chip) =>
        VerifyChoice.IsChosen(_order!.Options.Verify, Spec.Training.Seed, step, (_order.UltraServer * _chips.Length) + chip);

    private string Place(int chip) => GrainKeys.Place(_order!.UltraServer, chip, _order.Spare(chip));

    /// <exception cref="DivergenceException">a chip's loss is no number.</exception>
    private double Sum(StepTicket ticket, GradientReport[] gradients)
    {
        double sum = 0;
        foreach (GradientReport gradient in gradients)
        {
            sum += gradient.Loss;
        }

        return double.IsFinite(sum) ? sum : throw new DivergenceException(
            $"the loss became {sum} at step {ticket.Step} on UltraServer {_order!.UltraServer}, {Chips(gradients)}, before its update; a lower --learning-rate, a longer --warmup or --clip may help");
    }

    private static string Chips(GradientReport[] gradients)
    {
        int[] chips = [.. Enumerable.Range(0, gradients.Length).Where(chip => !double.IsFinite(gradients[chip].Loss))];
        return chips.Length == gradients.Length ? "all chips" : $"chips {string.Join(", ", chips)}";
    }

    /// <summary>A chip that fails keeps its buffer: nobody must wait for one any more.</summary>
    private static async Task<GradientReport> Watched(Task<GradientReport> chip, CancellationTokenSource failed)
    {
        try
        {
            return await chip;
        }
        catch
        {
            await failed.CancelAsync();
            throw;
        }
    }

    /// <summary>Not to be broken off: a replica of which some shards are updated and others not is no good to anybody.</summary>
    private async Task Apply(StepTicket ticket, float scale)
    {
        Replica replica = _replica!;
        double rate = replica.LearningRate(ticket.Step);
        replica.Steps = -1;
        using CancellationTokenSource done = new();
        Task overdue = Task.Delay(ChipDeadline(ticket.Attempt), time, done.Token);
        ShardDigest[] shards = await Task.WhenAll(_chips.Select(chip => _chipCalls!.MakeOneOfManyAsync(
            ticket, (t, c) => chip.Apply(t, rate, scale, c), overdue, CancellationToken.None)));
        await done.CancelAsync();
        _shards = _order!.Options.Verify > 0 ? shards : [];
        if (_order.Options.Journals)
        {
            // Before anybody is told.
            journals.Write(ticket.Run, new StepCommitted(ticket.Generation, ticket.Step, _order.UltraServer, ReplicaDigest.Of(shards)));
        }
    }

    private async Task Validate(StepTicket ticket, CancellationToken cancellation)
    {
        long samples = _replica!.ValidationSamples;
        int ranks = Spec.Cluster.TotalChips;
        int firstRank = _order!.UltraServer * _chips.Length;
        long Start(int rank) => (long)((Int128)samples * rank / ranks);
        EvaluationPart[] parts = await Task.WhenAll(_chips.Select((chip, index) =>
            chip.Evaluate(ticket, Start(firstRank + index), Start(firstRank + index + 1) - Start(firstRank + index), cancellation)))
            .WaitAsync(deadlines.Step, time, cancellation);
        EvaluationPart part = parts.Aggregate((sum, next) => sum.Add(next));
        ValidationReport report = new(_order.UltraServer, part, await Digest(ticket, cancellation));
        await Tell(ticket, (run, t) => run.Validated(t, report, cancellation));
    }

    private async Task<string> Digest(StepTicket ticket, CancellationToken cancellation) =>
        ReplicaDigest.Of(await Shards(ticket, cancellation));

    private Task<ShardDigest[]> Shards(StepTicket ticket, CancellationToken cancellation) =>
        Task.WhenAll(_chips.Select(chip => chip.Digest(ticket, cancellation))).WaitAsync(deadlines.Step, time, cancellation);

    private async Task Report(StepTicket ticket, Exception error)
    {
        string message = error switch
        {
            RunFailedException or DivergenceException or CorruptionException => error.Message,
            TimeoutException => $"UltraServer {_order!.UltraServer} waited in vain at step {ticket.Step}: {error.Message}",
            _ when GrainRetries.IsUnreachable(error) || error.InnerException is { } inner && GrainRetries.IsUnreachable(inner) =>
                $"UltraServer {_order!.UltraServer} could not reach another silo at step {ticket.Step}",
            _ => $"UltraServer {_order!.UltraServer} failed at step {ticket.Step}: {error.Message}",
        };
        try
        {
            if (error is CorruptionException)
            {
                Failed(ticket, error);
            }

            string[] liars = [.. ((error as CorruptionException)?.Liars ?? []).Select(chip => GrainKeys.Place(_order!.UltraServer, chip))];
            FailureReport report = new(message, error is DivergenceException, liars);
            await Tell(ticket, (run, t) => run.Failed(t, report, CancellationToken.None));
        }
        catch (Exception unreachable) when (unreachable is TimeoutException or OrleansException or StaleMessageException or OperationCanceledException)
        {
            // The run watches for commits and will name the silence itself.
        }
    }

    /// <summary>Tells the run, which may just be moving to another silo; each report is taken once, however often it comes.</summary>
    private Task Tell(StepTicket ticket, Func<ITrainingRun, StepTicket, Task> report) =>
        GrainRetries.ExecuteAsync(() => report(_run!, ticket).WaitAsync(deadlines.Report, time));
}
