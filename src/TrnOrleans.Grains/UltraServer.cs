using System.Buffers.Binary;
using System.Security.Cryptography;
using Orleans.Concurrency;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
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
[KeepAlive, Reentrant]
internal sealed class UltraServer(ReplicaStore replicas, ComputeEngine engine, Deadlines deadlines, TimeProvider time) : Grain, IUltraServer, IDisposable
{
    private readonly Fence _fence = new();
    private PrepareOrder? _order;
    private Replica? _replica;
    private ScaleOutExchange? _exchange;
    private ITrainiumChip[] _chips = [];
    private INeuronSwitch? _switch;
    private ITrainingRun? _run;
    private CancellationTokenSource _abort = new();
    private Task _loop = Task.CompletedTask;
    private bool _stopRequested;

    private RunSpec Spec => _replica!.Spec;

    public async Task Prepare(PrepareOrder order, CancellationToken cancellation)
    {
        _fence.Raise(order.Run, order.Generation);
        await EndLoop();
        _stopRequested = false;
        _order = order;
        try
        {
            _replica = await replicas.BuildAsync(order, cancellation).WaitAsync(deadlines.Prepare, time, cancellation);
        }
        catch (Exception error) when (error is InvalidDescriptionException or InvalidWeightsException)
        {
            throw new RunFailedException(error.Message);
        }

        _exchange = new ScaleOutExchange(GrainFactory, order, _replica, engine, deadlines, time);
        _run = GrainFactory.GetGrain<ITrainingRun>(order.Run);
        _switch = GrainFactory.GetGrain<INeuronSwitch>(GrainKeys.UltraServer(order.Run, order.UltraServer));
        await _switch.Prepare(order, cancellation).WaitAsync(deadlines.Control, time, cancellation);
        _chips = [.. Enumerable.Range(0, Spec.Cluster.Chips).Select(chip =>
            GrainFactory.GetGrain<ITrainiumChip>(GrainKeys.Chip(order.Run, order.UltraServer, chip)))];
        await Task.WhenAll(_chips.Select((chip, index) => chip.Prepare(order, index, cancellation))).WaitAsync(deadlines.Prepare, time, cancellation);
    }

    public Task Train(StepTicket first, CancellationToken cancellation)
    {
        _fence.Check(first);
        if (_loop.IsCompleted)
        {
            _abort.Dispose();
            _abort = new CancellationTokenSource();
            _loop = Loop(first, _abort.Token);
        }

        return Task.CompletedTask;
    }

    public Task Stop(StepTicket ticket, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        _stopRequested = true;
        return Task.CompletedTask;
    }

    public Task Abort(StepTicket ticket, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        return EndLoop();
    }

    public async Task Exchange(StepTicket ticket, ExchangeBlock block, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        Task used = _exchange!.Accept(ticket, block) ?? throw _fence.Refuse($"step {ticket.Step}, block {block.Bucket} from UltraServer {block.From}");
        await used.WaitAsync(deadlines.Step, time, cancellation);
    }

    public Task<TensorBlock> ReadWeights(long offset, int length, CancellationToken cancellation) =>
        Task.FromResult((_replica ?? throw new StaleMessageException("this UltraServer has no replica")).ReadWeights(offset, length));

    public async Task Close(CancellationToken cancellation)
    {
        await EndLoop();
        if (_order is { } order)
        {
            replicas.Remove(GrainKeys.UltraServer(order.Run, order.UltraServer));
        }

        _replica = null;
        await Task.WhenAll([.. _chips.Select(chip => chip.Close(cancellation)), _switch?.Close(cancellation) ?? Task.CompletedTask])
            .WaitAsync(deadlines.Control, time, cancellation);
        DeactivateOnIdle();
    }

    public void Dispose() => _abort.Dispose();

    private async Task EndLoop()
    {
        await _abort.CancelAsync();
        await _loop;
    }

    /// <summary>Never throws: what goes wrong is reported to the run, which names it.</summary>
    private async Task Loop(StepTicket ticket, CancellationToken cancellation)
    {
        // The caller's turn ends here; the steps are turns of their own.
        await Task.Yield();
        try
        {
            bool stop = false;
            Task reported = Task.CompletedTask;
            for (; ticket.Step < Spec.Training.Steps && !stop; ticket = ticket with { Step = ticket.Step + 1 })
            {
                (stop, CommitReport report) = await Step(ticket, cancellation);

                // The report of the step before has had a whole step to arrive: the run is not waited for.
                await reported;
                reported = _run!.Committed(ticket, report, cancellation).WaitAsync(deadlines.Control, time, cancellation);
                long done = ticket.Step + 1;
                bool last = stop || done == Spec.Training.Steps;
                if (last || (Spec.Training.EvalEvery > 0 && done % Spec.Training.EvalEvery == 0))
                {
                    await reported;
                    await Validate(ticket, cancellation);
                }
            }

            await reported;
            FinishReport finish = new(
                _order!.UltraServer, ticket.Step, await Digest(ticket, cancellation),
                _fence.Refused + await _switch!.StaleMessages(cancellation).WaitAsync(deadlines.Control, time, cancellation));
            await _run!.Finished(ticket, finish, cancellation).WaitAsync(deadlines.Control, time, cancellation);
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

    private async Task<(bool Stop, CommitReport Report)> Step(StepTicket ticket, CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        double lossSum = await ComputeGradients(ticket, cancellation);
        int buffer = await _switch!.Reduced(ticket, cancellation).WaitAsync(deadlines.Step, time, cancellation);
        ExchangeResult sum = await _exchange!.AllReduce(ticket, buffer, lossSum, _stopRequested, cancellation);
        double loss = sum.LossSum / _replica!.RowsPerStep;
        if (!double.IsFinite(loss))
        {
            throw new RunFailedException(
                $"the loss became {loss} at step {ticket.Step}, before its update; a lower --learning-rate, a longer --warmup or --clip may help");
        }

        double norm = 0;
        if (Spec.Training.Clip > 0)
        {
            Replica replica = _replica;
            await engine.RunAsync(() => norm = replica.GradientNorm(buffer));
            if (!double.IsFinite(norm))
            {
                throw new RunFailedException($"the gradient's norm became {norm} at step {ticket.Step}, before its update; a lower --learning-rate may help");
            }
        }

        await Apply(ticket, buffer, GlobalNorm.ClipFactor(norm, Spec.Training.Clip), cancellation);
        _replica.Gradients.Return(buffer);
        return (sum.StopAfter, new CommitReport(_order!.UltraServer, loss, norm, time.GetElapsedTime(start).TotalSeconds));
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

    private Task Apply(StepTicket ticket, int buffer, float scale, CancellationToken cancellation)
    {
        double rate = _replica!.LearningRate(ticket.Step);
        return Task.WhenAll(_chips.Select(chip => chip.Apply(ticket, buffer, rate, scale, cancellation))).WaitAsync(deadlines.Step, time, cancellation);
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
        await _run!.Validated(ticket, report, cancellation).WaitAsync(deadlines.Control, time, cancellation);
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
            await _run!.Failed(ticket, _order!.UltraServer, message, CancellationToken.None).WaitAsync(deadlines.Control, time);
        }
        catch (Exception unreachable) when (unreachable is TimeoutException or OrleansException or StaleMessageException or OperationCanceledException)
        {
            // The run watches for commits and will name the silence itself.
        }
    }
}
