using System.Collections.Concurrent;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Tests.Collectives;

/// <summary>Gradient buffers that remember who gave them back.</summary>
internal sealed class FakeMemory : IReductionMemory, IDisposable
{
    private readonly AlignedBuffer[] _buffers;
    private int _users;

    internal FakeMemory(IEnumerable<float[]> gradients)
    {
        _buffers = [.. gradients.Select(values =>
        {
            AlignedBuffer buffer = new(values.Length);
            values.CopyTo(buffer.Span());
            return buffer;
        })];
    }

    internal ConcurrentQueue<int> Returned { get; } = [];

    internal int Users => Volatile.Read(ref _users);

    public AlignedBuffer Gradient(int buffer) => _buffers[buffer];

    public void Enter() => Interlocked.Increment(ref _users);

    public void Leave() => Interlocked.Decrement(ref _users);

    public void Return(int buffer) => Returned.Enqueue(buffer);

    public void Dispose()
    {
        foreach (AlignedBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }
    }
}
