using TrnOrleans.Grains.Contracts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Collectives;

/// <summary>
/// The all-reduce over UltraServers, seen from one silo of a run. Buckets go up the tree over the UltraServer index as soon as the silo's
/// switches have them: in memory as far as the silo holds whole subtrees; then one partial sum goes to the silo that owns the bucket, and
/// the result comes back to all. With S silos each sends near 2 · (S − 1) / S of the gradient, however many chips it holds.
/// </summary>
/// <remarks>
/// Thread-safe: compute threads bring buckets, the grain of the silo's first UltraServer brings blocks of other silos. Of two neighbours the
/// one that comes second adds. The result of a step stands in the gradient buffer of the silo's first UltraServer.
/// </remarks>
public sealed class ScaleOutExchange
{
    private readonly Lock _lock = new();
    private readonly PlacementPlan _plan;
    private readonly int _self;
    private readonly SiloShare _share;
    private readonly TreeShape _shape;
    private readonly BucketLayout _buckets;
    private readonly Action<OutgoingBlock> _send;
    private readonly CollectiveKind _kind;
    private readonly int _bucketsToClose;
    private readonly WireFormat _wire;
    private readonly IReductionMemory?[] _memories;
    private readonly int[] _roots;
    private readonly double[] _losses;
    private readonly ChipDelay[][] _delays;
    private readonly Meetings _meetings;
    private readonly bool[] _seen;
    private readonly TensorBlock?[] _held;
    private readonly bool[] _heard;
    private readonly List<(long Step, ExchangeBlock Block)> _early = [];
    private readonly List<(long Step, StepNotice Notice)> _earlyNotices = [];
    private StepInFlight? _current;
    private int _open;
    private long _over = -1;
    private long _dropped;
    private long _carriedBytes;
    private Exception? _failure;

    /// <param name="plan">Which silo holds which UltraServers.</param>
    /// <param name="self">This silo's place in the plan.</param>
    /// <param name="buckets">How gradients are cut.</param>
    /// <param name="send">Sends a block without waiting; called on any thread.</param>
    /// <param name="wire">Format of gradients between UltraServers; FP32 when null.</param>
    /// <param name="kind">An all-reduce in training.</param>
    public ScaleOutExchange(
        PlacementPlan plan, int self, BucketLayout buckets, Action<OutgoingBlock> send, WireFormat? wire = null, CollectiveKind kind = CollectiveKind.AllReduce)
    {
        (_plan, _self, _buckets, _send, _wire, _kind) = (plan, self, buckets, send, wire ?? WireFormat.Fp32, kind);
        _bucketsToClose = Enumerable.Range(0, buckets.Count).Count(b => kind != CollectiveKind.ReduceScatter || buckets.Owner(b) == self);
        _share = plan.Shares[self];
        _shape = new TreeShape(plan.UltraServers);
        _memories = new IReductionMemory?[_share.Count];
        _roots = new int[_share.Count];
        _losses = new double[plan.UltraServers];
        _delays = new ChipDelay[plan.UltraServers][];
        _meetings = new Meetings(buckets.Count * _shape.Nodes);
        _held = new TensorBlock?[buckets.Count * _shape.Nodes];

        // One mark more for each bucket: its result.
        _seen = new bool[buckets.Count * (_shape.Nodes + 1)];
        _heard = new bool[plan.Shares.Count];
    }

    /// <summary>Blocks and notices that were late or came twice, and were dropped.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>
    /// Bytes that came from one UltraServer to be added to another's, and of sums that went back to UltraServers that had not made them; as
    /// far as this silo has done it, in memory or over a wire.
    /// </summary>
    public long CarriedBytes => Interlocked.Read(ref _carriedBytes);

    /// <summary>An UltraServer of this silo brings the memory where its switch leaves its sums.</summary>
    public void Join(int ultraServer, IReductionMemory memory) => _memories[ultraServer - _share.First] = memory;

    /// <summary>An UltraServer of this silo is about to start a step; waits until all of the silo are done with the one before.</summary>
    public async Task BeginAsync(long step)
    {
        while (Begin(step) is { } before)
        {
            await before.ConfigureAwait(true);
        }
    }

    /// <summary>The switch of an UltraServer of this silo has summed a bucket over its chips, into one of its buffers.</summary>
    public void Arrive(int ultraServer, int bucket, int buffer)
    {
        Volatile.Write(ref _roots[ultraServer - _share.First], buffer);
        Climb(0, ultraServer, bucket, null);
    }

    /// <summary>A bucket that this silo owns stands in its result as it shall be for all: of an all-gather or a broadcast.</summary>
    public void Spread(int bucket)
    {
        SendResult(bucket);
        CloseOne(_current!);
    }

    /// <summary>All chips of an UltraServer of this silo are done; waits for the sum over all.</summary>
    /// <param name="step">The step.</param>
    /// <param name="ultraServer">Which of this silo's.</param>
    /// <param name="lossSum">Over its samples.</param>
    /// <param name="next">What comes after this step; the first UltraServer's word counts.</param>
    /// <param name="delays">Its chips for which all others wait, in modelled time.</param>
    /// <returns>Equal on all UltraServers.</returns>
    public Task<StepOutcome> FinishAsync(long step, int ultraServer, double lossSum, AfterStep next, ChipDelay[]? delays = null)
    {
        StepInFlight current;
        bool all;
        lock (_lock)
        {
            ThrowIfFailed();
            current = At(step);
            _losses[ultraServer] = lossSum;
            _delays[ultraServer] = delays ?? [];
            if (ultraServer == 0)
            {
                current.Next = next;
            }

            all = ++current.Finished == _share.Count;
        }

        if (all)
        {
            StepNotice notice = new(_self, _losses[_share.First..(_share.First + _share.Count)], current.Next, [.. _delays[_share.First..(_share.First + _share.Count)].SelectMany(d => d)]);
            for (int silo = 0; silo < _plan.Shares.Count; silo++)
            {
                if (silo != _self)
                {
                    _send(new OutgoingBlock(silo, step, null, notice, null));
                }
            }

            CloseOne(current);
        }

        return current.Done.Task;
    }

    /// <summary>The gradient summed over all chips of the run; between <see cref="FinishAsync"/> and <see cref="Release"/>.</summary>
    public (IReductionMemory Memory, AlignedBuffer Gradient) Result => (_memories[0]!, _memories[0]!.Gradient(_roots[0]));

    /// <summary>Something that is computed once a step on this silo, by whoever asks first: the result is the same for all.</summary>
    public Task<double> OnceAsync(long step, Func<Task<double>> compute)
    {
        lock (_lock)
        {
            return At(step).Once ??= compute();
        }
    }

    /// <summary>An UltraServer of this silo reads the result no more; the last one ends the step and frees its buffers.</summary>
    public void Release(long step)
    {
        StepInFlight current;
        lock (_lock)
        {
            current = At(step);
            if (++current.ReleasedBy < _share.Count)
            {
                return;
            }

            // Before anybody can open the next step, in which other buffers take these places.
            for (int i = 0; i < _share.Count; i++)
            {
                _memories[i]!.Return(_roots[i]);
            }

            _over = step;
            _current = null;
        }

        current.Released.TrySetResult();
    }

    /// <summary>A block of another silo.</summary>
    /// <returns>False when it is late or came twice, and was dropped.</returns>
    /// <exception cref="CorruptBlockException">its bits are not those that were sent; the same block may come again.</exception>
    public bool Accept(long step, ExchangeBlock block)
    {
        if (!Fits(block))
        {
            return Drop(block.Values);
        }

        lock (_lock)
        {
            if (step <= _over || _failure is not null)
            {
                return Drop(block.Values);
            }
        }

        if (block.Values.Hash() != block.Hash)
        {
            block.Values.Release();
            throw new CorruptBlockException($"bucket {block.Bucket} of step {step} came with other bits than were sent");
        }

        lock (_lock)
        {
            if (step <= _over || _failure is not null)
            {
                return Drop(block.Values);
            }

            if (_current is null || step > _current.Step)
            {
                // The other silo has the result of our step and is already in the next; it cannot get further without us.
                _early.Add((step, block));
                return true;
            }

            ref bool seen = ref _seen[(block.Bucket * (_shape.Nodes + 1)) + (block.IsResult ? _shape.Nodes : _shape.Number(block.Level, block.Index))];
            if (seen)
            {
                return Drop(block.Values);
            }

            seen = true;
        }

        if (block.IsResult)
        {
            IReductionMemory memory = _memories[0]!;
            using (new MemoryHold(memory))
            {
                block.Values.Span.CopyTo(memory.Gradient(_roots[0]).Span(_buckets.Offset(block.Bucket), block.Values.Length));
            }

            block.Values.Release();
            Count(block.Bucket, _share.Count);
            CloseOne(_current!);
        }
        else
        {
            Climb(block.Level, block.Index, block.Bucket, block.Values);
        }

        return true;
    }

    /// <summary>What another silo says at the end of its part of a step.</summary>
    /// <returns>False when it is late or came twice, and was dropped.</returns>
    public bool Accept(long step, StepNotice notice)
    {
        StepInFlight current;
        lock (_lock)
        {
            if (notice.Silo < 0 || notice.Silo >= _heard.Length || notice.Silo == _self || notice.Losses.Length != _plan.Shares[notice.Silo].Count
                || step <= _over || _failure is not null)
            {
                return Drop(null);
            }

            if (_current is null || step > _current.Step)
            {
                _earlyNotices.Add((step, notice));
                return true;
            }

            if (_heard[notice.Silo])
            {
                return Drop(null);
            }

            current = _current;
            _heard[notice.Silo] = true;
            notice.Losses.CopyTo(_losses.AsSpan(_plan.Shares[notice.Silo].First));
            _delays[_plan.Shares[notice.Silo].First] = notice.Delays;
            if (_plan.Shares[notice.Silo].First == 0)
            {
                current.Next = notice.Next;
            }
        }

        CloseOne(current);
        return true;
    }

    /// <summary>Ends whatever waits, with a reason; nothing more is taken.</summary>
    public void Fail(Exception failure)
    {
        StepInFlight? current;
        lock (_lock)
        {
            _failure ??= failure;
            current = _current;
            foreach ((_, ExchangeBlock block) in _early)
            {
                block.Values.Release();
            }

            _early.Clear();
        }

        current?.Done.TrySetException(failure);
        current?.Released.TrySetException(failure);
    }

    /// <returns>What to wait for before asking again; null when the step is open.</returns>
    private Task? Begin(long step)
    {
        (long Step, ExchangeBlock Block)[] blocks;
        (long Step, StepNotice Notice)[] notices;
        lock (_lock)
        {
            ThrowIfFailed();
            if (_current is { } current)
            {
                return current.Step == step ? null : current.Released.Task;
            }

            if (step <= _over)
            {
                throw new StaleMessageException($"step {step} is over");
            }

            _meetings.Begin();
            _open = _bucketsToClose + _plan.Shares.Count;
            Array.Clear(_seen);
            Array.Clear(_heard);
            Array.Fill(_delays, []);
            _current = new StepInFlight(step);
            (blocks, notices) = ([.. _early], [.. _earlyNotices]);
            _early.Clear();
            _earlyNotices.Clear();
        }

        foreach ((long its, ExchangeBlock block) in blocks)
        {
            Accept(its, block);
        }

        foreach ((long its, StepNotice notice) in notices)
        {
            Accept(its, notice);
        }

        return null;
    }

    private bool Fits(ExchangeBlock block) =>
        block.Bucket >= 0 && block.Bucket < _buckets.Count && block.Values.Length == _buckets.LengthOf(block.Bucket)
        && (block.IsResult ? _buckets.Owner(block.Bucket) != _self
            : _buckets.Owner(block.Bucket) == _self && _shape.Has(block.Level, block.Index) && LocalLeaf(block.Level, block.Index) < 0);

    private bool Drop(TensorBlock? block)
    {
        block?.Release();
        Interlocked.Increment(ref _dropped);
        return false;
    }

    /// <summary>From a node upwards, folding with neighbours that are there, until one is missing, lies elsewhere, or the root is reached.</summary>
    /// <param name="level">Level of the node.</param>
    /// <param name="index">Its index on the level.</param>
    /// <param name="bucket">Which bucket.</param>
    /// <param name="block">Its value; null when it stands in the buffer of its first UltraServer on this silo.</param>
    private void Climb(int level, int index, int bucket, TensorBlock? block)
    {
        bool owner = _buckets.Owner(bucket) == _self;
        for (; level < _shape.Root; level++, index >>= 1)
        {
            int neighbour = index ^ 1;
            if (!_shape.Has(level, neighbour))
            {
                continue;
            }

            if (!owner && !IsLocal(level, neighbour))
            {
                SendPartial(level, index, bucket);
                return;
            }

            _held[(bucket * _shape.Nodes) + _shape.Number(level, index)] = block;
            if (!_meetings.IsSecond((bucket * _shape.Nodes) + _shape.Number(level + 1, index >> 1)))
            {
                return;
            }

            int other = (bucket * _shape.Nodes) + _shape.Number(level, neighbour);
            block = Fold(level, index & ~1, bucket, (index & 1) == 0 ? block : _held[other], (index & 1) == 0 ? _held[other] : block);
            _held[other] = null;
        }

        if (owner && _kind == CollectiveKind.AllReduce)
        {
            Round(0, bucket);
            Count(bucket, _share.Count - 1);
            SendResult(bucket);
        }

        CloseOne(_current!);
    }

    /// <summary>Adds two neighbours; a + b and b + a have the same bits, so the sum goes where memory stays.</summary>
    /// <returns>The block with the sum, or null when it stands in a buffer of this silo.</returns>
    private TensorBlock? Fold(int level, int left, int bucket, TensorBlock? leftBlock, TensorBlock? rightBlock)
    {
        Count(bucket, 1);
        if (leftBlock is not null && rightBlock is not null)
        {
            _wire.Add(leftBlock.Span, rightBlock.Span);
            rightBlock.Release();
            return leftBlock;
        }

        long offset = _buckets.Offset(bucket);
        int length = _buckets.LengthOf(bucket);
        int first = leftBlock is null ? LocalLeaf(level, left) : LocalLeaf(level, left + 1);
        IReductionMemory target = _memories[first - _share.First]!;
        using MemoryHold targetStays = new(target);
        Span<float> sum = target.Gradient(Volatile.Read(ref _roots[first - _share.First])).Span(offset, length);
        if ((leftBlock ?? rightBlock) is { } received)
        {
            _wire.Add(sum, received.Span);
            received.Release();
            return null;
        }

        int second = LocalLeaf(level, left + 1) - _share.First;
        IReductionMemory source = _memories[second]!;
        using MemoryHold sourceStays = new(source);
        _wire.Add(sum, source.Gradient(Volatile.Read(ref _roots[second])).Span(offset, length));
        return null;
    }

    private void Count(int bucket, int times) => Interlocked.Add(ref _carriedBytes, (long)times * _buckets.LengthOf(bucket) * _wire.Bytes);

    private void SendPartial(int level, int index, int bucket)
    {
        int leaf = LocalLeaf(level, index) - _share.First;
        Round(leaf, bucket);
        TensorBlock sum = Window(leaf, bucket);
        Send(_buckets.Owner(bucket), new ExchangeBlock(bucket, level, index, IsResult: false, sum, sum.Hash()), leaf);
    }

    private void SendResult(int bucket)
    {
        if (_plan.Shares.Count == 1)
        {
            return;
        }

        TensorBlock result = Window(0, bucket);
        ExchangeBlock block = new(bucket, 0, 0, IsResult: true, result, result.Hash());
        for (int silo = 0; silo < _plan.Shares.Count; silo++)
        {
            if (silo != _self)
            {
                Send(silo, block, 0);
            }
        }
    }

    /// <summary>A sum that goes to others, or is there for all, has gone through the wire's format where it lies.</summary>
    private void Round(int leaf, int bucket)
    {
        using MemoryHold stays = new(_memories[leaf]!);
        _wire.Round(_memories[leaf]!.Gradient(Volatile.Read(ref _roots[leaf])).Span(_buckets.Offset(bucket), _buckets.LengthOf(bucket)));
    }

    private TensorBlock Window(int leaf, int bucket) =>
        new(_memories[leaf]!.Gradient(Volatile.Read(ref _roots[leaf])), _buckets.Offset(bucket), _buckets.LengthOf(bucket), _memories[leaf], _wire.Bytes);

    /// <summary>The step is not over before the other silo has the block: until then its memory must stay as it is.</summary>
    private void Send(int silo, ExchangeBlock block, int leaf)
    {
        StepInFlight current = _current!;
        IReductionMemory memory = _memories[leaf]!;
        memory.Enter();
        Interlocked.Increment(ref _open);
        _send(new OutgoingBlock(silo, current.Step, block, null, () =>
        {
            memory.Leave();
            CloseOne(current);
        }));
    }

    private void CloseOne(StepInFlight current)
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            current.Done.TrySetResult(new StepOutcome(TreeShape.Sum(_losses), current.Next, [.. _delays.SelectMany(d => d)]));
        }
    }

    private bool IsLocal(int level, int index) =>
        TreeShape.FirstLeaf(level, index) >= _share.First && _shape.EndLeaf(level, index) <= _share.First + _share.Count;

    /// <summary>The first UltraServer of this silo below a node, or −1.</summary>
    private int LocalLeaf(int level, int index)
    {
        long first = Math.Max(TreeShape.FirstLeaf(level, index), _share.First);
        return first < Math.Min(_shape.EndLeaf(level, index), _share.First + _share.Count) ? (int)first : -1;
    }

    private StepInFlight At(long step) =>
        _current is { } current && current.Step == step
            ? current
            : throw new StaleMessageException($"step {step} is not in the all-reduce; step {_current?.Step ?? (_over + 1)} is");

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw new RunFailedException(_failure.Message, _failure);
        }
    }

    private sealed class StepInFlight(long step)
    {
        internal long Step { get; } = step;

        internal AfterStep Next { get; set; }

        internal int Finished { get; set; }

        internal int ReleasedBy { get; set; }

        internal Task<double>? Once { get; set; }

        internal TaskCompletionSource<StepOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal TaskCompletionSource Released { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
