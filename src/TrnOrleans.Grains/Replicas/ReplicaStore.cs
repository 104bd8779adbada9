using System.Collections.Concurrent;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Content;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Json;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Grains.Replicas;

/// <summary>The replicas of this silo, by run and UltraServer: what makes scale-up memory, and not messages.</summary>
/// <param name="engine">Threads that build a replica.</param>
/// <param name="inputs">Reads what a spec refers to.</param>
/// <param name="cluster">To say which silo this is.</param>
public sealed class ReplicaStore(ComputeEngine engine, RunInputsCache inputs, ClusterView cluster) : IDisposable
{
    private readonly ConcurrentDictionary<(string Run, int UltraServer), Replica> _replicas = [];
    private readonly ConcurrentDictionary<(string Run, int Generation), SiloCollective> _collectives = [];
    private volatile bool _leaving;

    /// <summary>Runs that have a replica here.</summary>
    public IReadOnlyList<string> Runs => [.. _replicas.Keys.Select(k => k.Run).Distinct()];

    /// <summary>Whether this silo is about to stop.</summary>
    public bool IsLeaving => _leaving;

    /// <summary>This silo is about to stop: it takes no replica any more.</summary>
    public void Leave() => _leaving = true;

    /// <summary>
    /// The replica of an UltraServer for a generation: the one that is here already when it stands at the right step, else a new one, made
    /// at step 0 and otherwise empty, to be copied into.
    /// </summary>
    /// <exception cref="SiloLeavingException">this silo is about to stop.</exception>
    public async Task<Replica> BuildAsync(PrepareOrder order, CancellationToken cancellation)
    {
        ThrowIfLeaving();
        RunInputs read = await inputs.GetAsync(order.Spec, order.Content, cancellation).ConfigureAwait(false);
        (string, int) key = (order.Run, order.UltraServer);
        if (_replicas.TryGetValue(key, out Replica? replica) && (replica.Steps != order.Step || replica.Generation >= order.Generation))
        {
            Remove(order.Run, order.UltraServer, replica.Generation);
            replica = null;
        }

        if (replica is null)
        {
            int neighbours = order.Plan.ShareOf(order.UltraServer).Count;
            bool fresh = order.Step == 0;
            await engine.RunAsync(() => replica = new Replica(read, engine.Threads, neighbours, fresh) { Steps = fresh ? 0 : -1 })
                .WaitAsync(cancellation).ConfigureAwait(false);
            _replicas[key] = replica!;
        }
        else
        {
            replica.TakenFrom = replica.Generation;
        }

        SiloCollective collective = _collectives.GetOrAdd((order.Run, order.Generation), _ =>
            new SiloCollective(order.Plan, order.Plan.PlaceOf(order.UltraServer), new BucketLayout(replica!.Length, order.Plan.Shares.Count)));
        replica!.Join(order, collective.Buckets, collective.Exchange);
        if (_leaving)
        {
            // Asked to stop while it was built: whoever drains this silo may not have seen it.
            Abandon(order.Run, order.UltraServer, order.Generation);
            ThrowIfLeaving();
        }

        return replica;
    }

    /// <summary>A generation will not begin: a replica that it had taken over is the earlier one's again, a new one goes.</summary>
    public void Abandon(string run, int ultraServer, int generation)
    {
        if (_replicas.TryGetValue((run, ultraServer), out Replica? replica) && replica.Generation == generation && replica.TakenFrom is { } earlier)
        {
            (replica.Generation, replica.TakenFrom) = (earlier, null);
            _collectives.TryRemove((run, generation), out _);
            return;
        }

        Remove(run, ultraServer, generation);
    }

    /// <summary>The replica of an UltraServer.</summary>
    /// <exception cref="StaleMessageException">not on this silo (any more), or another generation's.</exception>
    public Replica Get(string run, int generation, int ultraServer) =>
        _replicas.TryGetValue((run, ultraServer), out Replica? replica) && replica.Generation == generation
            ? replica
            : throw new StaleMessageException($"UltraServer {ultraServer} of run {run} has no replica of generation {generation} on this silo");

    /// <summary>This silo's part in the all-reduce of a generation.</summary>
    /// <exception cref="StaleMessageException">it has none.</exception>
    internal SiloCollective Collective(string run, int generation) =>
        _collectives.TryGetValue((run, generation), out SiloCollective? collective)
            ? collective
            : throw new StaleMessageException($"generation {generation} of run {run} has nothing on this silo");

    /// <summary>A generation's UltraServer is gone: gives back its replica's memory, unless a later generation has taken it over.</summary>
    public void Remove(string run, int ultraServer, int generation)
    {
        if (_replicas.TryGetValue((run, ultraServer), out Replica? replica) && replica.Generation == generation
            && _replicas.TryRemove(new KeyValuePair<(string, int), Replica>((run, ultraServer), replica)))
        {
            replica.Dispose();
        }

        _collectives.TryRemove((run, generation), out _);
    }

    /// <summary>Stops the compute threads first: buffers of one replica are folded by jobs of another.</summary>
    public void Dispose()
    {
        engine.Dispose();
        foreach (Replica replica in _replicas.Values)
        {
            replica.Dispose();
        }

        _replicas.Clear();
    }

    private void ThrowIfLeaving()
    {
        if (_leaving)
        {
            throw new SiloLeavingException("this silo is about to stop and takes no UltraServer any more") { Silo = cluster.Self };
        }
    }
}
