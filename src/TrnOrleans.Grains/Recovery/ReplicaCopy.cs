using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;

namespace TrnOrleans.Grains.Recovery;

/// <summary>Copies a replica from another silo, or from a neighbour in this one, block by block.</summary>
internal static class ReplicaCopy
{
    // Between silos 256 KiB – 1 MiB a message is best, and about four in flight (measured on Orleans 10.4).
    private const int Length = 1 << 17;
    private const int InFlight = 4;

    /// <summary>All floats of weights and optimizer states; whether they are the right ones is the caller's to check.</summary>
    /// <exception cref="StaleMessageException">the source does not stand at the step of the order (any more).</exception>
    internal static async Task FetchAsync(IReplicaHost host, PrepareOrder order, ReplicaSource source, Replica replica, CancellationToken cancellation)
    {
        ReplicaAddress address = new(order.Run, source.UltraServer, order.Step);
        async Task Copy(int part, long offset)
        {
            int length = (int)Math.Min(Length, replica.Length - offset);
            TensorBlock block = await host.Read(address, part, offset, length, cancellation);
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
}
