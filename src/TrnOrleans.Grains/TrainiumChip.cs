using Orleans.Concurrency;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Grains.Verification;
using TrnOrleans.Models.Training;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Grains;

/// <summary>One emulated accelerator. Its kernel step runs on the compute engine, its shard lies in the replica's memory.</summary>
[UltraServerPlacement, KeepAlive, Reentrant]
internal sealed class TrainiumChip(ReplicaStore replicas, ComputeEngine engine) : Grain, ITrainiumChip
{
    private readonly Fence _fence = new();
    private Replica? _replica;
    private ShardOptimizer? _optimizer;
    private int _chip;
    private int _rank;
    private long _applied = -1;
    private long _computing = -1;
    private Task<GradientReport> _gradient = Task.FromResult(default(GradientReport));
    private Task<ShardDigest> _update = Task.FromResult(default(ShardDigest));
    private ShardDigest? _shard;
    private RunOptions _options = RunOptions.None;

    public Task Prepare(PrepareOrder order, int chip, CancellationToken cancellation)
    {
        _fence.Raise(order.Run, order.Generation);
        _replica = replicas.Get(order.Run, order.Generation, order.UltraServer);
        _optimizer = _replica.CreateOptimizer(chip);
        _chip = chip;
        _rank = (order.UltraServer * _replica.Spec.Cluster.Chips) + chip;
        _applied = order.Step - 1;
        _options = order.Options;
        return Task.CompletedTask;
    }

    public Task<GradientReport> ComputeGradient(StepTicket ticket, int buffer, CancellationToken cancellation)
    {
        Replica replica = Admit(ticket, cancellation);
        if (ticket.Step <= _applied)
        {
            throw _fence.Refuse($"step {ticket.Step}, which this chip has applied");
        }

        // Asked again: the answer was lost on its way, or the work failed before it began.
        if (_computing != ticket.Step || _gradient.IsFaulted || _gradient.IsCanceled)
        {
            (_computing, _gradient) = (ticket.Step, Gradient(replica, ticket, buffer, cancellation));
        }

        return _gradient;
    }

    public async Task<GradientReport> Recompute(StepTicket ticket, int chip, int buffer, CancellationToken cancellation)
    {
        Replica replica = Admit(ticket, cancellation);
        GradientReport report = default;
        await Compute(() => report = replica.Recompute(ticket.Generation, ticket.Step, _chip, _rank - _chip + chip, buffer), cancellation);
        return report;
    }

    public Task<ShardDigest> Apply(StepTicket ticket, double learningRate, float gradientScale, CancellationToken cancellation)
    {
        Replica replica = Admit(ticket, cancellation);
        if (ticket.Step < _applied)
        {
            throw _fence.Refuse($"step {ticket.Step}; this chip has applied step {_applied}");
        }

        if (ticket.Step > _applied)
        {
            // Before the work and not after: a doubled message that comes meanwhile must not update the shard again.
            _applied = ticket.Step;
            _update = Update(replica, ticket, learningRate, gradientScale);
        }

        return _update;
    }

    public async Task<EvaluationPart> Evaluate(StepTicket ticket, long first, long count, CancellationToken cancellation)
    {
        Replica replica = Admit(ticket, cancellation);
        EvaluationPart part = default;
        await Compute(() => part = replica.Evaluate(ticket.Generation, first, count), cancellation);
        return part;
    }

    public async Task<ShardDigest> Digest(StepTicket ticket, CancellationToken cancellation)
    {
        Replica replica = Admit(ticket, cancellation);
        ShardDigest digest = default;
        await Compute(() => digest = replica.Digest(_chip), cancellation);
        return digest;
    }

    public Task Close(CancellationToken cancellation)
    {
        _replica = null;
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private async Task<ShardDigest> Update(Replica replica, StepTicket ticket, double learningRate, float gradientScale)
    {
        ShardDigest digest = default;
        await Compute(
            () =>
            {
                if (_shard is { } known && IsVerified(replica, ticket.Step) && replica.Digest(_chip) != known)
                {
                    replica.LoseShard(_chip);
                    throw new CorruptionException($"bits in the memory of chip {GrainKeys.Place(_rank / replica.Spec.Cluster.Chips, _chip)} have changed by themselves before its update of step {ticket.Step}");
                }

                replica.Apply(ticket.Generation, _chip, _optimizer!, ticket.Step, learningRate, gradientScale);
                digest = _options.Journals || _options.Verify > 0 ? replica.Digest(_chip) : default;
            },
            CancellationToken.None);
        _shard = _options.Verify > 0 ? digest : null;
        return digest;
    }

    private async Task<GradientReport> Gradient(Replica replica, StepTicket ticket, int buffer, CancellationToken cancellation)
    {
        GradientReport report = default;
        bool isHashed = IsVerified(replica, ticket.Step);
        bool isWatched = _rank == 0 && _options.NumericsEvery > 0 && ticket.Step % _options.NumericsEvery == 0;
        await Compute(() => report = replica.ComputeGradient(ticket.Generation, ticket.Step, _chip, _rank, buffer, isHashed, isWatched), cancellation);
        return report;
    }

    private bool IsVerified(Replica replica, long step) => VerifyChoice.IsChosen(_options.Verify, replica.Spec.Training.Seed, step, _rank);

    private Replica Admit(StepTicket ticket, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        cancellation.ThrowIfCancellationRequested();
        return _replica ?? throw _fence.Refuse($"step {ticket.Step}, after the run was closed");
    }

    /// <summary>A kernel that has started is waited for, whatever is cancelled: it works on memory that must not go away under it.</summary>
    private Task Compute(Action work, CancellationToken cancellation) =>
        engine.RunAsync(() =>
        {
            cancellation.ThrowIfCancellationRequested();
            work();
        });
}
