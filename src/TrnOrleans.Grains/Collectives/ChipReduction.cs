using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Collectives;

/// <summary>
/// What a NeuronSwitch does, bucket by bucket: chips' gradients are folded in the shape of <see cref="TreeShape"/> as their buckets become
/// final. Of two neighbours the one that comes second does the addition, on the compute thread that has just computed it and has it in its
/// cache; so nobody waits and nothing is queued.
/// </summary>
/// <remarks>
/// Thread-safe. Chips that arrive in order of their index hold at most log₂ n + 1 buffers beside those being computed.
/// </remarks>
public sealed class ChipReduction
{
    private readonly TreeShape _shape;
    private readonly BucketLayout _buckets;
    private readonly IReductionMemory _memory;
    private readonly Action<int> _reduced;
    private readonly WireFormat _wire;
    private readonly int[] _buffers;
    private readonly int[] _unfolded;
    private readonly int[] _next;
    private readonly bool[] _entered;
    private readonly Meetings _meetings;
    private readonly Port[] _ports;
    private long _step = -1;
    private long _refused;
    private long _foldedBytes;

    /// <param name="chips">Leaves of the tree.</param>
    /// <param name="buckets">How gradients are cut.</param>
    /// <param name="memory">Where the gradients are.</param>
    /// <param name="wire">Format of gradients between chips.</param>
    /// <param name="reduced">Called once a step for each bucket whose sum over all chips is in chip 0's buffer, on a compute thread.</param>
    public ChipReduction(int chips, BucketLayout buckets, IReductionMemory memory, WireFormat wire, Action<int> reduced)
    {
        (_buckets, _memory, _wire, _reduced) = (buckets, memory, wire, reduced);
        _shape = new TreeShape(chips);
        _buffers = new int[chips];
        _unfolded = new int[chips];
        _next = new int[chips];
        _entered = new bool[chips];
        _meetings = new Meetings(buckets.Count * _shape.Nodes);
        _ports = [.. Enumerable.Range(0, chips).Select(chip => new Port(this, chip))];
    }

    /// <summary>The buffer with the sum, from the first call of <c>reduced</c> on.</summary>
    public int RootBuffer => _buffers[0];

    /// <summary>Gradients that were late or came twice, and were refused.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Bytes that came from one chip to be added to another's.</summary>
    public long FoldedBytes => Interlocked.Read(ref _foldedBytes);

    /// <summary>Opens a step; the one before must be over.</summary>
    public void Begin(long step)
    {
        _meetings.Begin();
        Array.Fill(_next, _buckets.Count - 1);
        Array.Fill(_unfolded, _buckets.Count);
        Array.Clear(_entered);
        Volatile.Write(ref _step, step);
    }

    /// <summary>A chip's way in, for a step and the buffer that it was given.</summary>
    /// <exception cref="Contracts.StaleMessageException">another step is being reduced, or the chip has been here in this one.</exception>
    public IGradientProgress Enter(long step, int chip, int buffer)
    {
        long open = Volatile.Read(ref _step);
        if (step != open)
        {
            throw Refuse($"the switch reduces step {open}, not {step}");
        }

        if (Interlocked.Exchange(ref _entered[chip], true))
        {
            throw Refuse($"chip {chip} has brought its gradient of step {step} before");
        }

        _buffers[chip] = buffer;
        return _ports[chip];
    }

    /// <summary>All chips at once, their gradients being there as a whole: in FP32 one pass over memory. The same bits as bucket by bucket.</summary>
    /// <param name="bucket">Which bucket; each once a step.</param>
    /// <param name="gradients">Of all chips, in order.</param>
    public void ReduceAll(int bucket, ReadOnlySpan<AlignedBuffer> gradients)
    {
        long offset = _buckets.Offset(bucket);
        int length = _buckets.LengthOf(bucket);
        if (_wire == WireFormat.Fp32)
        {
            TreeSum.Compute(gradients, offset, gradients[0].Span(offset, length));
        }
        else
        {
            for (int distance = 1; distance < gradients.Length; distance *= 2)
            {
                for (int left = 0; left + distance < gradients.Length; left += 2 * distance)
                {
                    _wire.Add(gradients[left].Span(offset, length), gradients[left + distance].Span(offset, length));
                }
            }
        }

        _reduced(bucket);
    }

    private Contracts.StaleMessageException Refuse(string why)
    {
        Interlocked.Increment(ref _refused);
        return new Contracts.StaleMessageException(why);
    }

    private void FinalFrom(int chip, long offset)
    {
        int first = _buckets.FirstBehind(offset);
        for (; _next[chip] >= first; _next[chip]--)
        {
            Arrive(chip, _next[chip]);
        }
    }

    private void Arrive(int chip, int bucket)
    {
        (int level, int index) = (0, chip);
        for (; level < _shape.Root; level++, index >>= 1)
        {
            if (!_shape.Has(level, index ^ 1))
            {
                continue;
            }

            if (!_meetings.IsSecond((bucket * _shape.Nodes) + _shape.Number(level + 1, index >> 1)))
            {
                return;
            }

            Fold((index & ~1) << level, (index | 1) << level, bucket);
        }

        _reduced(bucket);
    }

    private void Fold(int left, int right, int bucket)
    {
        long offset = _buckets.Offset(bucket);
        int length = _buckets.LengthOf(bucket);
        _wire.Add(_memory.Gradient(_buffers[left]).Span(offset, length), _memory.Gradient(_buffers[right]).Span(offset, length));
        Interlocked.Add(ref _foldedBytes, (long)length * _wire.Bytes);
        if (Interlocked.Decrement(ref _unfolded[right]) == 0)
        {
            _memory.Return(_buffers[right]);
        }
    }

    /// <summary>A chip's end of the fabric.</summary>
    private sealed class Port(ChipReduction reduction, int chip) : IGradientProgress
    {
        public void FinalFrom(long offset) => reduction.FinalFrom(chip, offset);
    }
}
