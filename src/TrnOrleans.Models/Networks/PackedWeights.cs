using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Networks;

/// <summary>
/// The weights of a network's linear layers in the layout of the product's inner loop, shared by all chips of a replica. A layer is
/// packed by the first chip that comes to it after an update; the others read it.
/// </summary>
public sealed class PackedWeights : IDisposable
{
    private readonly Dictionary<Parameter, Entry> _entries = [];
    private readonly AlignedBuffer _memory;
    private long _updates = 1;

    /// <summary>Takes the memory; packs nothing yet.</summary>
    public PackedWeights(Network network)
    {
        long length = 0;
        foreach (Parameter weight in network.PackedParameters)
        {
            _entries.Add(weight, new Entry(length));
            length += PackedOperand.Length(weight.Rows, weight.Columns);
        }

        _memory = new AlignedBuffer(length);
    }

    /// <summary>Bytes that a network's packed weights take.</summary>
    public static long Bytes(Network network) => network.PackedParameters.Sum(w => PackedOperand.Length(w.Rows, w.Columns)) * sizeof(float);

    /// <summary>The weights have changed, or will before anybody reads them again. Nobody may be computing with them.</summary>
    public void Invalidate() => Interlocked.Increment(ref _updates);

    public void Dispose() => _memory.Dispose();

    /// <summary>A weight as <see cref="PackedOperand"/> lays it out.</summary>
    internal ReadOnlySpan<float> Get(Parameter parameter, AlignedBuffer weights)
    {
        Entry entry = _entries[parameter];
        Span<float> packed = _memory.Span(entry.Offset, checked((int)PackedOperand.Length(parameter.Rows, parameter.Columns)));
        long updates = Interlocked.Read(ref _updates);
        if (Volatile.Read(ref entry.Packed) != updates)
        {
            lock (entry)
            {
                if (entry.Packed != updates)
                {
                    PackedOperand.Pack(weights.Span(parameter.Offset, parameter.Length), packed, parameter.Rows, parameter.Columns);
                    Volatile.Write(ref entry.Packed, updates);
                }
            }
        }

        return packed;
    }

    /// <summary>Where one weight lies, and which update of the weights it was packed after.</summary>
    private sealed class Entry(long offset)
    {
        internal long Packed;

        internal long Offset { get; } = offset;
    }
}
