using TrnOrleans.Models.Operations;
using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Networks;

/// <summary>
/// The weights of a network's linear layers as its products read them, shared by all chips of a replica: in the format of forward products and
/// the layout of their inner loop, and, where that is not FP32, in the format of backward products. A layer is made ready by the first chip that
/// comes to it after an update; the others read it.
/// </summary>
public sealed class PackedWeights : IDisposable
{
    private readonly Dictionary<LinearOperation, Entry> _entries = [];
    private readonly AlignedBuffer _memory;
    private long _updates = 1;

    /// <summary>Takes the memory; packs nothing yet.</summary>
    public PackedWeights(Network network)
    {
        long length = 0;
        foreach (LinearOperation operation in network.PackedOperations)
        {
            _entries.Add(operation, new Entry(length));
            length += Length(operation);
        }

        _memory = new AlignedBuffer(length);
    }

    /// <summary>Bytes that a network's packed weights take.</summary>
    public static long Bytes(Network network) => network.PackedOperations.Sum(Length) * sizeof(float);

    /// <summary>The weights have changed, or will before anybody reads them again. Nobody may be computing with them.</summary>
    public void Invalidate() => Interlocked.Increment(ref _updates);

    public void Dispose() => _memory.Dispose();

    /// <summary>A weight as <see cref="PackedOperand"/> lays it out.</summary>
    internal ReadOnlySpan<float> Get(LinearOperation operation, AlignedBuffer weights, ulong seed, uint step) =>
        _memory.Span(Ready(operation, weights, seed, step), checked((int)PackedLength(operation)));

    /// <summary>A weight as it lies, in the format of backward products; empty where that is FP32.</summary>
    internal ReadOnlySpan<float> GetBackward(LinearOperation operation, AlignedBuffer weights, ulong seed, uint step) =>
        operation.Casts.BackwardWeights.IsNone ? default : _memory.Span(Ready(operation, weights, seed, step) + PackedLength(operation), operation.Weight.Length);

    private static long PackedLength(LinearOperation operation) => PackedOperand.Length(operation.Weight.Rows, operation.Weight.Columns);

    // Each on a boundary of 64 bytes.
    private static long Length(LinearOperation operation) =>
        PackedLength(operation) + (operation.Casts.BackwardWeights.IsNone ? 0 : (operation.Weight.Length + 15L) / 16 * 16);

    private long Ready(LinearOperation operation, AlignedBuffer weights, ulong seed, uint step)
    {
        Entry entry = _entries[operation];
        long updates = Interlocked.Read(ref _updates);
        if (Volatile.Read(ref entry.Packed) != updates)
        {
            lock (entry)
            {
                if (entry.Packed != updates)
                {
                    Make(operation, entry.Offset, weights.Span(operation.Weight.Offset, operation.Weight.Length), seed, step);
                    Volatile.Write(ref entry.Packed, updates);
                }
            }
        }

        return entry.Offset;
    }

    private void Make(LinearOperation operation, long offset, ReadOnlySpan<float> weight, ulong seed, uint step)
    {
        (int rows, int columns) = (operation.Weight.Rows, operation.Weight.Columns);
        Span<float> packed = _memory.Span(offset, checked((int)PackedLength(operation)));
        if (!operation.Casts.BackwardWeights.IsNone)
        {
            Span<float> backward = _memory.Span(offset + packed.Length, weight.Length);
            OperandCast cast = operation.BackwardWeights(seed, step);
            cast.Apply(weight, backward, columns, Contraction.Column);
            if (operation.Casts.SharesWeights)
            {
                PackedOperand.Pack(backward, packed, rows, columns);
                return;
            }
        }

        QuantizedProduct.Pack(weight, operation.ForwardWeights(seed, step), packed, rows, columns);
    }

    /// <summary>Where one weight lies, and which update of the weights it was packed after.</summary>
    private sealed class Entry(long offset)
    {
        internal long Packed;

        internal long Offset { get; } = offset;
    }
}
