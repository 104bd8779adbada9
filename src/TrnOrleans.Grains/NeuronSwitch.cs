using Orleans.Concurrency;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Replicas;

namespace TrnOrleans.Grains;

/// <summary>
/// The fabric of one UltraServer. It opens a step; then chips' gradients meet in its <see cref="ChipReduction"/>, which is memory of the silo:
/// scale-up is memory, not messages.
/// </summary>
[UltraServerPlacement, KeepAlive, Reentrant]
internal sealed class NeuronSwitch(ReplicaStore replicas) : Grain, INeuronSwitch
{
    private readonly Fence _fence = new();
    private ChipReduction? _reduction;
    private long _next;

    public Task Prepare(PrepareOrder order, CancellationToken cancellation)
    {
        _fence.Raise(order.Run, order.Generation);
        _reduction = replicas.Get(order.Run, order.Generation, order.UltraServer).Reduction;
        _next = order.Step;
        return Task.CompletedTask;
    }

    public Task Open(StepTicket ticket, CancellationToken cancellation)
    {
        _fence.Check(ticket);
        if (_reduction is null || ticket.Step != _next)
        {
            throw _fence.Refuse($"step {ticket.Step}; step {_next} is next");
        }

        _next++;
        _reduction.Begin(ticket.Step);
        return Task.CompletedTask;
    }

    public Task<long> StaleMessages(CancellationToken cancellation) => Task.FromResult(_fence.Refused + (_reduction?.Refused ?? 0));

    public Task Close(CancellationToken cancellation)
    {
        _reduction = null;
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
