using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Content;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Grains.Replicas;

/// <summary>
/// The replicas of this silo, by run and UltraServer: what makes scale-up memory, and not messages. A replica outlives the grains and the
/// generation that worked with it; a fence keeps those of the past away.
/// </summary>
/// <param name="engine">Threads that build a replica.</param>
/// <param name="inputs">Reads what a spec refers to.</param>
/// <param name="cluster">To say which silo this is.</param>
public sealed class ReplicaStore(ComputeEngine engine, RunInputsCache inputs, ClusterView cluster) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Run, int UltraServer), Replica> _replicas = [];
    private readonly Dictionary<(string Run, int Generation), SiloCollective> _collectives = [];
    private readonly Dictionary<string, int> _fences = new(StringComparer.Ordinal);
    private volatile bool _leaving;

    /// <summary>Runs that have a replica here.</summary>
    public IReadOnlyList<string> Runs
    {
        get
        {
            lock (_lock)
            {
                return [.. _replicas.Keys.Select(k => k.Run).Distinct()];
            }
        }
    }

    /// <summary>Whether this silo is about to stop.</summary>
    public bool IsLeaving => _leaving;

    /// <summary>This silo is about to stop: it takes no replica any more.</summary>
    public void Leave() => _leaving = true;

    /// <summary>
    /// The replica of an UltraServer for a generation: the one that is here already when it stands at the right step, else a new one, made
    /// at step 0 and otherwise empty, to be copied into.
    /// </summary>
    /// <exception cref="SiloLeavingException">this silo is about to stop.</exception>
    /// <exception cref="StaleMessageException">a later generation has been here.</exception>
    public async Task<Replica> BuildAsync(PrepareOrder order, CancellationToken cancellation)
    {
        ThrowIfLeaving();
        RunInputs read = await inputs.GetAsync(order.Spec, order.Content, cancellation).ConfigureAwait(false);

        // Nobody of an earlier generation may work here any more, in whatever way that one ended: neighbours fold into each other's buffers.
        await Task.WhenAll(Fence(order.Run, order.Generation).Select(r => r.Halt(order.Generation))).WaitAsync(cancellation).ConfigureAwait(false);

        Replica? replica = TakeOver(order);
        if (replica is null)
        {
            Replica? built = null;
            int neighbours = order.Plan.ShareOf(order.UltraServer).Count;
            bool fresh = order.Step == 0;
            await engine.RunAsync(() => built = new Replica(read, order.UltraServer, engine.Threads, neighbours, order.Options.Checkpoints is not null, fresh) { Steps = fresh ? 0 : -1 })
                .WaitAsync(cancellation).ConfigureAwait(false);
            replica = built!;
        }

        return Enter(order, replica);
    }

    /// <summary>Nothing of a generation below the given one may begin here any more.</summary>
    /// <returns>The replicas that such generations have, or had.</returns>
    public Replica[] Fence(string run, int below)
    {
        lock (_lock)
        {
            _fences[run] = Math.Max(_fences.GetValueOrDefault(run), below);
            return [.. _replicas.Where(r => r.Key.Run == run && r.Value.Generation < below).Select(r => r.Value)];
        }
    }

    /// <summary>The replicas of a run.</summary>
    public Replica[] Of(string run)
    {
        lock (_lock)
        {
            return [.. _replicas.Where(r => r.Key.Run == run).Select(r => r.Value)];
        }
    }

    /// <summary>The replica of an UltraServer, whatever generation works with it; null when it is not here.</summary>
    public Replica? Find(string run, int ultraServer)
    {
        lock (_lock)
        {
            return _replicas.GetValueOrDefault((run, ultraServer));
        }
    }

    /// <summary>The replica of an UltraServer.</summary>
    /// <exception cref="StaleMessageException">not on this silo (any more), or another generation's.</exception>
    public Replica Get(string run, int generation, int ultraServer) =>
        Find(run, ultraServer) is { } replica && replica.Generation == generation
            ? replica
            : throw new StaleMessageException($"UltraServer {ultraServer} of run {run} has no replica of generation {generation} on this silo");

    /// <summary>This silo's part in the all-reduce of a generation.</summary>
    /// <exception cref="StaleMessageException">it has none.</exception>
    internal SiloCollective Collective(string run, int generation)
    {
        lock (_lock)
        {
            return _collectives.GetValueOrDefault((run, generation))
                ?? throw new StaleMessageException($"generation {generation} of run {run} has nothing on this silo");
        }
    }

    /// <summary>Gives back the memory of all generations of a run below the given one.</summary>
    public void Close(string run, int below)
    {
        lock (_lock)
        {
            foreach (((string Run, int UltraServer) key, Replica replica) in _replicas.Where(r => r.Key.Run == run && r.Value.Generation < below).ToArray())
            {
                _replicas.Remove(key);
                replica.Dispose();
            }

            foreach ((string Run, int Generation) key in _collectives.Keys.Where(k => k.Run == run && k.Generation < below).ToArray())
            {
                _collectives.Remove(key);
            }
        }
    }

    /// <summary>Stops the compute threads first: buffers of one replica are folded by jobs of another.</summary>
    public void Dispose()
    {
        engine.Dispose();
        lock (_lock)
        {
            foreach (Replica replica in _replicas.Values)
            {
                replica.Dispose();
            }

            _replicas.Clear();
        }
    }

    private Replica? TakeOver(PrepareOrder order)
    {
        lock (_lock)
        {
            ThrowIfFenced(order);
            if (!_replicas.TryGetValue((order.Run, order.UltraServer), out Replica? replica))
            {
                return null;
            }

            if (replica.Generation < order.Generation && replica.Steps == order.Step)
            {
                return replica;
            }

            _replicas.Remove((order.Run, order.UltraServer));
            replica.Dispose();
            return null;
        }
    }

    private Replica Enter(PrepareOrder order, Replica replica)
    {
        lock (_lock)
        {
            try
            {
                // Meanwhile a later generation may have begun, or somebody may have asked this silo to stop, who has not seen this replica.
                ThrowIfFenced(order);
                ThrowIfLeaving();
                if (!_collectives.TryGetValue((order.Run, order.Generation), out SiloCollective? collective))
                {
                    BucketLayout buckets = new(replica.Length, order.Plan.Shares.Count);
                    collective = new SiloCollective(order.Plan, order.Plan.PlaceOf(order.UltraServer), buckets, WireFormat.Of(replica.Precision.Wire));
                    _collectives[(order.Run, order.Generation)] = collective;
                }

                replica.Join(order, collective);
                _replicas[(order.Run, order.UltraServer)] = replica;
                return replica;
            }
            catch when (!ReferenceEquals(_replicas.GetValueOrDefault((order.Run, order.UltraServer)), replica))
            {
                replica.Dispose();
                throw;
            }
        }
    }

    private void ThrowIfFenced(PrepareOrder order)
    {
        int fence = _fences.GetValueOrDefault(order.Run);
        if (order.Generation < fence)
        {
            throw new StaleMessageException($"generation {order.Generation} of run {order.Run} is over on this silo, which is in {fence}");
        }

        _fences[order.Run] = order.Generation;
    }

    private void ThrowIfLeaving()
    {
        if (_leaving)
        {
            throw new SiloLeavingException("this silo is about to stop and takes no UltraServer any more") { Silo = cluster.Self };
        }
    }
}
