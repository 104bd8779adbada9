using Orleans.Concurrency;
using TrnOrleans.Grains.Checkpoints;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Grains.Recovery;

/// <summary>Answers for this silo's replicas, whatever became of the grains that worked with them.</summary>
[SiloPlacement, Reentrant]
internal sealed class ReplicaHost(ReplicaStore replicas, CheckpointWriter checkpoints, ComputeEngine engine, ClusterView cluster, Deadlines deadlines, TimeProvider time)
    : Grain, IReplicaHost
{
    public async Task<HaltReport> Halt(string run, int below, long from, CancellationToken cancellation)
    {
        Replica[] found = replicas.Fence(run, below);
        await Task.WhenAll(found.Select(replica => replica.Halt(below))).WaitAsync(deadlines.Step, time, cancellation);
        Replica[] whole = [.. found.Where(replica => replica.Steps >= 0)];
        ReplicaState[] states = await Task.WhenAll(whole.Select(async replica =>
            new ReplicaState(cluster.Self, replica.UltraServer, replica.Generation, replica.Steps, await Digest(replica))));
        return new HaltReport(states, Survey.Merge(found.Select(replica => replica.Commits.From(from))));
    }

    public Task<TensorBlock> Read(ReplicaAddress address, int part, long offset, int length, CancellationToken cancellation) =>
        replicas.Find(address.Run, address.UltraServer) is { } replica && replica.Steps == address.Steps
            ? Task.FromResult(replica.Read(part, offset, length))
            : throw new StaleMessageException($"UltraServer {address.UltraServer} of run {address.Run} has no replica of {address.Steps} steps on this silo");

    public Task<IReadOnlyList<string>?> Vocabulary(string run, CancellationToken cancellation) =>
        replicas.Of(run) is [var replica, ..]
            ? Task.FromResult(replica.Vocabulary?.Characters)
            : throw new StaleMessageException($"nothing of run {run} is on this silo");

    public async Task Close(string run, int below, CancellationToken cancellation)
    {
        Replica[] found = replicas.Fence(run, below);

        // First all loops, then all memory: an UltraServer may still be folding into another's buffers.
        await Task.WhenAll(found.Select(replica => replica.Halt(below))).WaitAsync(deadlines.Step, time, cancellation);
        replicas.Close(run, below);
        if (replicas.Find(run, 0) is null)
        {
            await checkpoints.CloseAsync(run);
        }
    }

    private async Task<string> Digest(Replica replica)
    {
        ShardDigest[] shards = new ShardDigest[replica.Spec.Cluster.Chips];
        await Task.WhenAll(shards.Select((_, chip) => engine.RunAsync(() => shards[chip] = replica.Digest(chip))));
        return ReplicaDigest.Of(shards);
    }
}
