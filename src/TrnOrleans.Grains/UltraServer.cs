using System.Buffers.Binary;
using System.Security.Cryptography;
using Orleans.Concurrency;
using Orleans.Runtime;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Grains;

/// <summary>
/// One replica on its way through the steps: chips compute, the switch folds, UltraServers sum, chips update their shards, the step is
/// reported. The loop is a task of its own, so that messages get in between.
/// </summary>
[UltraServerPlacement, KeepAlive, Reentrant]
internal sealed class UltraServer(ReplicaStore replicas, ComputeEngine engine, Deadlines deadlines, TimeProvider time) : Grain, IUltraServer, IDisposable
{
    // Between silos 256 KiB – 1 MiB a message is best, and about four in flight.
    private const int CopyLength = 1 << 17;
    private const int CopiesInFlight = 4;

    private readonly Fence _fence = new();
    private PrepareOrder? _order;
    private Replica? _replica;
    private SiloCollective? _collective;
    private ITrainiumChip[] _chips = [];
    private INeuronSwitch? _switch;
    private ITrainingRun? _run;
    private readonly CancellationTokenSource _abort = new();
    private Task? _loop;
    private Task _sending = Task.CompletedTask;
    private AfterStep _next;
    private bool _closed;

    private RunSpec Spec => _replica!.Spec;

    public async Task Prepare(PrepareOrder order, CancellationToken cancellation)
    {
        _fence.Raise(order.Run, order.Generation);
        _order = order;
        try
        {
            _replica = await replicas.BuildAsync(order, cancellation).WaitAsync(deadlines.Prepare, time, cancellation);
        }
        catch (Exception error) when (error is InvalidDescriptionException or InvalidWeightsException)
        {
            throw new RunFailedException(error.Message);
        }

        if (_closed)
        {
            replicas.Abandon(order.Run, order.UltraServer, order.Generation);
            throw _fence.Refuse($"generation {order.Generation}, which was given up while its replica was built");
        }

        _collective = replicas.Collective(order.Run, order.Generation);
        _run = GrainFactory.GetGrain<ITrainingRun>(order.Run);
        _switch = GrainFactory.GetGrain<INeuronSwitch>(GrainKeys.UltraServer(order.Run, order.Generation, order.UltraServer));
        await _switch.Prepare(order, cancellation).WaitAsync(deadlines.Control, time, cancellation);
        _chips = [.. Enumerable.Range(0, Spec.Cluster.Chips).Select(chip =>
            GrainFactory.GetGrain<ITrainiumChip>(GrainKeys.Chip(order.Run, order.Generation, order.UltraServer, chip)))];
        await Task.WhenAll(_chips.Select((chip, index) => chip.Prepare(order, index, cancellation))).WaitAsync(deadlines.Prepare, time, cancellation);
        if (_replica.Steps != order.Step)
        {
            await CopyReplica(order, cancellation).WaitAsync(deadlines.Prepare, time, cancellation);
        }
    }

    public Task Train(StepTicket first, CancellationToken cancellation)
    {
        _fence.Check(first);
        if (_loop is null)
        {
            _sending = IsFirstOnSilo ? _collective!.Links.RunAsync(Send, _collective.Exchange.Fail, _abort.Token) : Task.CompletedTask;
            _loop = Loop(first, _abort.Token);
        }

        return Task.CompletedTask;
    }

    public Task Ask(StepTicket ticket, AfterStep next, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        _next = next;
        return Task.CompletedTask;
    }

    public Task Abort(StepTicket ticket, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        return EndLoop();
    }

    public Task Exchange(StepTicket ticket, ExchangeBlock block, CancellationToken cancellation)
    {
        _fence.Check(ticket);

        // A late or doubled one is dropped and counted there; who sent it need not know.
        _collective!.Exchange.Accept(ticket.Step, block);
        return Task.CompletedTask;
    }

    public Task Notify(StepTicket ticket, StepNotice notice, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        _collective!.Exchange.Accept(ticket.Step, notice);
        return Task.CompletedTask;
    }

    public Task<TensorBlock> ReadReplica(StepTicket ticket, int part, long offset, int length, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        Replica replica = _replica ?? throw _fence.Refuse("a copy, after the replica was closed");
        return replica.Steps == ticket.Step
            ? Task.FromResult(replica.Read(part, offset, length))
            : throw _fence.Refuse($"a copy of step {ticket.Step}; the replica stands at {replica.Steps}");
    }

    public Task<TensorBlock> ReadWeights(long offset, int length, CancellationToken cancellation) =>
        Task.FromResult((_replica ?? throw new StaleMessageException("this UltraServer has no replica")).Read(0, offset, length));

    public Task<IReadOnlyList<string>?> Vocabulary(CancellationToken cancellation) =>
        Task.FromResult((_replica ?? throw new StaleMessageException("this UltraServer has no replica")).Vocabulary?.Characters);

    public Task Close(CancellationToken cancellation) => End(replicas.Remove, cancellation);

    public Task Abandon(CancellationToken cancellation) => End(replicas.Abandon, cancellation);

    public void Dispose() => _abort.Dispose();

    private async Task End(Action<string, int, int> giveBack, CancellationToken cancellation)
    {
        _closed = true;
        try
        {
            await EndLoop();
            if (_order is { } order)
            {
                giveBack(order.Run, order.UltraServer, order.Generation);
            }

            _replica = null;
            await Task.WhenAll([.. _chips.Select(chip => chip.Close(cancellation)), _switch?.Close(cancellation) ?? Task.CompletedTask])
                .WaitAsync(deadlines.Control, time, cancellation);
        }
        finally
        {
            DeactivateOnIdle();
        }
    }

    private bool IsFirstOnSilo => _order!.Plan.IsFirstOnSilo(_order.UltraServer);

    private async Task EndLoop()
    {
        await _abort.CancelAsync();
        _collective?.Exchange.Fail(new OperationCanceledException("the generation is over"));
        await (_loop ?? Task.CompletedTask);
        await _sending;
    }

    /// <summary>To the first UltraServer of another silo, which takes it for all of that silo.</summary>
    private Task Send(OutgoingBlock outgoing)
    {
        PrepareOrder order = _order!;
        IUltraServer peer = GrainFactory.GetGrain<IUltraServer>(
            GrainKeys.UltraServer(order.Run, order.Generation, order.Plan.Shares[outgoing.Silo].First));
        StepTicket ticket = new(order.Run, order.Generation, outgoing.Step);
        Task sent = outgoing.Block is { } block ? peer.Exchange(ticket, block, _abort.Token) : peer.Notify(ticket, outgoing.Notice!, _abort.Token);
        return sent.WaitAsync(deadlines.Step, time, CancellationToken.None);
    }

    /// <summary>Block by block from a replica that stands where the generation starts; the copy must have its digest.</summary>
    private async Task CopyReplica(PrepareOrder order, CancellationToken cancellation)
    {
        ReplicaSource source = order.Source ?? throw new RunFailedException($"there is no replica of step {order.Step} to copy");
        Replica replica = _replica!;
        IUltraServer from = GrainFactory.GetGrain<IUltraServer>(GrainKeys.UltraServer(order.Run, source.Generation, source.UltraServer));
        StepTicket ticket = new(order.Run, source.Generation, order.Step);
        async Task Copy(int part, long offset)
        {
            int length = (int)Math.Min(CopyLength, replica.Length - offset);
            TensorBlock block = await from.ReadReplica(ticket, part, offset, length, cancellation);
            replica.Write(part, offset, block);
            block.Release();
        }

        List<Task> flying = [];
        for (int part = 0; part < replica.Parts; part++)
        {
            for (long offset = 0; offset < replica.Length; offset += CopyLength)
            {
                if (flying.Count == CopiesInFlight)
                {
                    Task done = await Task.WhenAny(flying);
                    flying.Remove(done);
                    await done;
                }

                flying.Add(Copy(part, offset));
            }
        }

        await Task.WhenAll(flying);
        replica.Steps = order.Step;
        string digest = await Digest(new StepTicket(order.Run, order.Generation, order.Step), cancellation);
        if (digest != source.Digest)
        {
            throw new RunFailedException(
                $"the copy of UltraServer {source.UltraServer}'s replica at step {order.Step} has digest {digest[..12]}, and the original {source.Digest[..12]}");
        }
    }

    /// <summary>Never throws: what goes wrong is reported to the run, which names it.</summary>
    private async Task Loop(StepTicket ticket, CancellationToken cancellation)
    {
        // The caller's turn ends here; the steps are turns of their own.
        await Task.Yield();
        try
        {
            AfterStep next = AfterStep.Continue;
            Task reported = Task.CompletedTask;
            for (; ticket.Step < Spec.Training.Steps && next == AfterStep.Continue; ticket = ticket with { Step = ticket.Step + 1 })
            {
                (next, CommitReport report) = await Step(ticket, cancellation);

                // The report of the step before has had a whole step to arrive: the run is not waited for.
                await reported;
                reported = Tell(ticket, (run, t) => run.Committed(t, report, cancellation));
                long done = ticket.Step + 1;
                bool last = next == AfterStep.Stop || done == Spec.Training.Steps;
                if (last || (Spec.Training.EvalEvery > 0 && done % Spec.Training.EvalEvery == 0))
                {
                    await reported;
                    await Validate(ticket, cancellation);
                }
            }

            await reported;
            bool paused = next == AfterStep.Pause && ticket.Step < Spec.Training.Steps;
            long refused = _fence.Refused + await _switch!.StaleMessages(cancellation).WaitAsync(deadlines.Control, time, cancellation);
            FinishReport finish = new(
                _order!.UltraServer, ticket.Step, await Digest(ticket, cancellation),
                IsFirstOnSilo ? refused + _collective!.Exchange.Dropped : refused, IsFirstOnSilo ? _collective!.Links.Traffic : []);
            await Tell(ticket, (run, t) => paused ? run.Paused(t, finish, cancellation) : run.Finished(t, finish, cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Aborted by the run, which knows why.
        }
#pragma warning disable CA1031 // The boundary of the loop: every failure becomes a named end of the run.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await Report(ticket, error);
        }
    }

    private async Task<(AfterStep Next, CommitReport Report)> Step(StepTicket ticket, CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        Replica replica = _replica!;
        ScaleOutExchange exchange = _collective!.Exchange;
        await exchange.BeginAsync(ticket.Step).WaitAsync(deadlines.Step, time, cancellation);
        await _switch!.Open(ticket, cancellation).WaitAsync(deadlines.Control, time, cancellation);
        double lossSum = await ComputeGradients(ticket, cancellation);
        StepOutcome outcome = await exchange.FinishAsync(ticket.Step, _order!.UltraServer, lossSum, _next).WaitAsync(deadlines.Step, time, cancellation);
        double loss = outcome.LossSum / replica.RowsPerStep;
        if (!double.IsFinite(loss))
        {
            throw new RunFailedException(
                $"the loss became {loss} at step {ticket.Step}, before its update; a lower --learning-rate, a longer --warmup or --clip may help");
        }

        double norm = 0;
        if (Spec.Training.Clip > 0)
        {
            norm = await exchange.OnceAsync(ticket.Step, () => GradientNorm(replica)).WaitAsync(deadlines.Step, time, cancellation);
            if (!double.IsFinite(norm))
            {
                throw new RunFailedException($"the gradient's norm became {norm} at step {ticket.Step}, before its update; a lower --learning-rate may help");
            }
        }

        await Apply(ticket, GlobalNorm.ClipFactor(norm, Spec.Training.Clip), cancellation);
        replica.Steps = ticket.Step + 1;
        exchange.Release(ticket.Step);
        return (outcome.Next, new CommitReport(_order.UltraServer, loss, norm, time.GetElapsedTime(start).TotalSeconds));
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
        List<Task<double>> losses = new(_chips.Length);
        try
        {
            foreach (ITrainiumChip chip in _chips)
            {
                // Handing buffers out in order keeps the tree's promise of few partial sums, and so of progress with few buffers.
                int buffer = await _replica!.Gradients.RentAsync(failed.Token).AsTask().WaitAsync(deadlines.Step, time, failed.Token);
                losses.Add(Watched(chip.ComputeGradient(ticket, buffer, cancellation), failed));
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // A chip failed, and its buffer will not come back: the wait below says which and why.
        }

        double sum = 0;
        foreach (double loss in await Task.WhenAll(losses).WaitAsync(deadlines.Step, time, cancellation))
        {
            sum += loss;
        }

        return sum;
    }

    /// <summary>A chip that fails keeps its buffer: nobody must wait for one any more.</summary>
    private static async Task<double> Watched(Task<double> chip, CancellationTokenSource failed)
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

    private Task Apply(StepTicket ticket, float scale, CancellationToken cancellation)
    {
        double rate = _replica!.LearningRate(ticket.Step);
        return Task.WhenAll(_chips.Select(chip => chip.Apply(ticket, rate, scale, cancellation))).WaitAsync(deadlines.Step, time, cancellation);
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

    /// <summary>SHA-256 over the chips' digests in order of their index.</summary>
    private async Task<string> Digest(StepTicket ticket, CancellationToken cancellation)
    {
        ShardDigest[] shards = await Task.WhenAll(_chips.Select(chip => chip.Digest(ticket, cancellation))).WaitAsync(deadlines.Step, time, cancellation);
        byte[] bytes = new byte[16 * shards.Length];
        for (int i = 0; i < shards.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16 * i), shards[i].High);
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan((16 * i) + 8), shards[i].Low);
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    private async Task Report(StepTicket ticket, Exception error)
    {
        string message = error switch
        {
            RunFailedException => error.Message,
            TimeoutException => $"UltraServer {_order!.UltraServer} waited in vain at step {ticket.Step}: {error.Message}",
            _ => $"UltraServer {_order!.UltraServer} failed at step {ticket.Step}: {error.Message}",
        };
        try
        {
            await Tell(ticket, (run, t) => run.Failed(t, message, IsUnreachable(error), CancellationToken.None));
        }
        catch (Exception unreachable) when (unreachable is TimeoutException or OrleansException or StaleMessageException or OperationCanceledException)
        {
            // The run watches for commits and will name the silence itself.
        }
    }

    /// <summary>Somebody else could not be reached: the run knows better which silo is gone.</summary>
    private static bool IsUnreachable(Exception error) =>
        error is StaleMessageException || GrainRetries.IsUnreachable(error) || (error.InnerException is { } inner && IsUnreachable(inner));

    /// <summary>Tells the run, which may just be moving to another silo; each report is taken once, however often it comes.</summary>
    private Task Tell(StepTicket ticket, Func<ITrainingRun, StepTicket, Task> report) =>
        GrainRetries.ExecuteAsync(() => report(_run!, ticket).WaitAsync(deadlines.Control, time));
}
