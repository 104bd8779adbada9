using System.Threading.Channels;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Replicas;

/// <summary>
/// A bounded number of gradient buffers, named by number, made when first needed. Who asks when all are out waits: so memory stays
/// bounded however many chips there are.
/// </summary>
public sealed class BufferPool : IDisposable
{
    private readonly AlignedBuffer?[] _buffers;
    private readonly Channel<int> _free;
    private readonly long _length;

    /// <param name="count">Most buffers ever.</param>
    /// <param name="length">Floats of each.</param>
    public BufferPool(int count, long length)
    {
        _length = length;
        _buffers = new AlignedBuffer?[count];
        _free = Channel.CreateUnbounded<int>();
        for (int i = 0; i < count; i++)
        {
            _free.Writer.TryWrite(i);
        }
    }

    /// <summary>Buffers that chips need at once: partial sums of the tree, one on each compute thread, one that waits.</summary>
    public static int CountFor(int chips, int threads) => Math.Min(chips, threads) + (int)Math.Ceiling(Math.Log2(chips)) + 1;

    /// <summary>The floats of a rented buffer.</summary>
    public AlignedBuffer this[int number] => _buffers[number] ?? throw new InvalidOperationException($"buffer {number} is not rented");

    /// <summary>Takes a buffer, when there is one; its contents are whatever the last user left.</summary>
    public async ValueTask<int> RentAsync(CancellationToken cancellation)
    {
        int number = await _free.Reader.ReadAsync(cancellation).ConfigureAwait(false);
        _buffers[number] ??= new AlignedBuffer(_length);
        return number;
    }

    /// <summary>Gives a buffer back.</summary>
    public void Return(int number) => _free.Writer.TryWrite(number);

    /// <summary>Takes back all buffers that are out; only when nobody works with them any more.</summary>
    public void Reclaim()
    {
        while (_free.Reader.TryRead(out _))
        {
        }

        for (int i = 0; i < _buffers.Length; i++)
        {
            _free.Writer.TryWrite(i);
        }
    }

    public void Dispose()
    {
        _free.Writer.TryComplete();
        foreach (AlignedBuffer? buffer in _buffers)
        {
            buffer?.Dispose();
        }
    }
}
