using Orleans.Concurrency;
using Orleans.Placement;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Grains;

/// <summary>The fabric of one UltraServer: folds gradients as chips finish, always in the shape of <see cref="ReductionTree"/>.</summary>
[PreferLocalPlacement, KeepAlive, Reentrant]
internal sealed class NeuronSwitch(ReplicaStore replicas, ComputeEngine engine, Deadlines deadlines, TimeProvider time) : Grain, INeuronSwitch
{
    private readonly Fence _fence = new();
    private Replica? _replica;
    private Reduction? _current;
    private long _finished = -1;

    public Task Prepare(PrepareOrder order, CancellationToken cancellation)
    {
        _fence.Raise(order.Run, order.Generation);
        _replica = replicas.Get(order.Run, order.UltraServer);
        _current = null;
        _finished = -1;
        return Task.CompletedTask;
    }

    public Task Contribute(StepTicket ticket, int chip, int buffer, CancellationToken cancellation)
    {
        Reduction reduction = At(ticket);
        if (reduction.Tree.HasArrived(chip))
        {
            throw _fence.Refuse($"step {ticket.Step} from chip {chip}, which was there before");
        }

        // The fold goes on after the chip has its answer; whoever waits for the sum sees its failure.
        if (reduction.Tree.Arrive(chip, buffer, out Fold fold))
        {
            _ = FoldFrom(reduction, fold);
        }

        Settle(reduction);
        return Task.CompletedTask;
    }

    public async Task<int> Reduced(StepTicket ticket, CancellationToken cancellation)
    {
        Reduction reduction = At(ticket);
        int sum = await reduction.Sum.Task.WaitAsync(deadlines.Step, time, cancellation);
        if (_current == reduction)
        {
            _finished = ticket.Step;
            _current = null;
        }

        return sum;
    }

    public Task<long> StaleMessages(CancellationToken cancellation) => Task.FromResult(_fence.Refused);

    public Task Close(CancellationToken cancellation)
    {
        _replica = null;
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private Reduction At(StepTicket ticket)
    {
        _fence.Check(ticket);
        if (ticket.Step <= _finished || (_current is not null && ticket.Step != _current.Step))
        {
            throw _fence.Refuse($"step {ticket.Step}; step {_current?.Step ?? (_finished + 1)} is next");
        }

        return _current ??= new Reduction(ticket.Step, new ReductionTree(_replica!.Spec.Cluster.Chips));
    }

    private async Task FoldFrom(Reduction reduction, Fold fold)
    {
        try
        {
            Replica replica = _replica!;
            for (bool more = true; more;)
            {
                Fold now = fold;
                await engine.RunAsync(() => replica.Fold(now.Left, now.Right), urgent: true);
                replica.Gradients.Return(now.Right);
                more = reduction.Tree.Folded(now, out fold);
            }

            Settle(reduction);
        }
#pragma warning disable CA1031 // It reaches the UltraServer through the task that it awaits.
        catch (Exception error)
#pragma warning restore CA1031
        {
            reduction.Sum.TrySetException(error);
        }
    }

    private static void Settle(Reduction reduction)
    {
        if (reduction.Tree.Root is { } root)
        {
            reduction.Sum.TrySetResult(root);
        }
    }

    private sealed record Reduction(long Step, ReductionTree Tree)
    {
        internal TaskCompletionSource<int> Sum { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
