using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Bench;

/// <summary>The buffers of an UltraServer's chips in a measurement, a whole one for each.</summary>
internal sealed class CollectiveMemory : IReductionMemory, IDisposable
{
    private readonly MemoryLease _lease;

    internal CollectiveMemory(int chips, long length)
    {
        Buffers = new AlignedBuffer[chips];
        _lease = new MemoryLease(Free);
        try
        {
            for (int chip = 0; chip < chips; chip++)
            {
                Buffers[chip] = new AlignedBuffer(length);
            }
        }
        catch
        {
            Free();
            throw;
        }
    }

    internal AlignedBuffer[] Buffers { get; }

    public AlignedBuffer Gradient(int buffer) => Buffers[buffer];

    public void Enter() => _lease.Enter();

    public void Leave() => _lease.Leave();

    public void Return(int buffer)
    {
        // Each chip keeps its own.
    }

    public void Dispose() => _lease.Close();

    private void Free()
    {
        foreach (AlignedBuffer? buffer in Buffers)
        {
            buffer?.Dispose();
        }
    }
}
