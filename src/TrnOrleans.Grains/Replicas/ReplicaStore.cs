using System.Collections.Concurrent;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Json;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Grains.Replicas;

/// <summary>The replicas of this silo, by the key of their UltraServer: what makes scale-up memory, and not messages.</summary>
/// <param name="engine">Threads that build a replica.</param>
/// <param name="loader">Reads data.</param>
public sealed class ReplicaStore(ComputeEngine engine, DatasetLoader loader) : IDisposable
{
    private readonly ConcurrentDictionary<string, Replica> _replicas = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task<RunInputs>> _inputs = new(StringComparer.Ordinal);

    /// <summary>Builds a replica, in place of one of an older generation.</summary>
    public async Task<Replica> BuildAsync(PrepareOrder order, CancellationToken cancellation)
    {
        RunInputs inputs = await InputsAsync(order.Spec, cancellation).ConfigureAwait(false);
        string key = GrainKeys.UltraServer(order.Run, order.UltraServer);
        Remove(key);
        Replica? replica = null;
        await engine.RunAsync(() => replica = new Replica(inputs, engine.Threads)).WaitAsync(cancellation).ConfigureAwait(false);
        _replicas[key] = replica!;
        return replica!;
    }

    /// <summary>Read once for all replicas of a run on this silo; a failure is not kept, so that a missing file may be put right.</summary>
    private async Task<RunInputs> InputsAsync(string spec, CancellationToken cancellation)
    {
        Task<RunInputs> reading = _inputs.GetOrAdd(
            spec, text => RunInputs.LoadAsync(StrictJson.Read<RunSpec>(text, "the run's spec"), loader, null, CancellationToken.None));
        try
        {
            return await reading.WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch when (reading.IsFaulted)
        {
            _inputs.TryRemove(new KeyValuePair<string, Task<RunInputs>>(spec, reading));
            throw;
        }
    }

    /// <summary>The replica of an UltraServer.</summary>
    /// <exception cref="StaleMessageException">not on this silo (any more).</exception>
    public Replica Get(string run, int ultraServer) =>
        _replicas.TryGetValue(GrainKeys.UltraServer(run, ultraServer), out Replica? replica)
            ? replica
            : throw new StaleMessageException($"UltraServer {ultraServer} of run {run} has no replica on this silo");

    /// <summary>Inputs that were loaded in this process already, so that they are not read twice.</summary>
    public void Share(string spec, RunInputs inputs) => _inputs.TryAdd(spec, Task.FromResult(inputs));

    /// <summary>Gives back a replica's memory.</summary>
    public void Remove(string key)
    {
        if (_replicas.TryRemove(key, out Replica? replica))
        {
            replica.Dispose();
        }
    }

    /// <summary>Stops the compute threads first: blocks of one replica are read by jobs of another.</summary>
    public void Dispose()
    {
        engine.Dispose();
        foreach (string key in _replicas.Keys)
        {
            Remove(key);
        }
    }
}
