using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;

namespace TrnOrleans.Grains.Recovery;

/// <summary>Copies a replica from another silo, from a neighbour in this one, or from a checkpoint, block by block.</summary>
internal static class ReplicaCopy
{
    // Between silos 256 KiB – 1 MiB a message is best, and about four in flight (measured on Orleans 10.4).
    private const int Length = 1 << 17;
    private const int InFlight = 4;

    /// <summary>All floats of weights and optimizer states; whether they are the right ones is the caller's to check.</summary>
    /// <exception cref="StaleMessageException">the source does not stand at the step of the order (any more).</exception>
    internal static async Task FetchAsync(IGrainFactory grains, PrepareOrder order, ReplicaSource source, Replica replica, CancellationToken cancellation)
    {
        Func<int, long, int, Task<TensorBlock>> read = Reader(grains, order, source, cancellation);
        async Task Copy(int part, long offset)
        {
            int length = (int)Math.Min(Length, replica.Length - offset);
            TensorBlock block = await read(part, offset, length);
            replica.Write(part, offset, block);
            block.Release();
        }

        List<Task> flying = [];
        for (int part = 0; part < replica.Parts; part++)
        {
            for (long offset = 0; offset < replica.Length; offset += Length)
            {
                if (flying.Count == InFlight)
                {
                    Task done = await Task.WhenAny(flying);
                    flying.Remove(done);
                    await done;
                }

                flying.Add(Copy(part, offset));
            }
        }

        await Task.WhenAll(flying);
    }

    private static Func<int, long, int, Task<TensorBlock>> Reader(IGrainFactory grains, PrepareOrder order, ReplicaSource source, CancellationToken cancellation)
    {
        if (source.Checkpoints is { } folder)
        {
            ICheckpointHost disk = grains.GetGrain<ICheckpointHost>(source.Silo);
            return (part, offset, length) => disk.Read(folder, order.Step, part, offset, length, cancellation);
        }

        IReplicaHost memory = grains.GetGrain<IReplicaHost>(source.Silo);
        ReplicaAddress address = new(order.Run, source.UltraServer, order.Step);
        return (part, offset, length) => memory.Read(address, part, offset, length, cancellation);
    }
}
