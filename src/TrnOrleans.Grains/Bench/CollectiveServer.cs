using Orleans.Concurrency;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Bench;

/// <summary>One UltraServer of a measurement: its chips say that they are ready, its switch sums, its silo exchanges with the others.</summary>
[UltraServerPlacement, Reentrant]
internal sealed class CollectiveServer(CollectiveStore store, ComputeEngine engine, Deadlines deadlines, TimeProvider time)
    : Grain, ICollectiveServer, IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private CollectiveOrder? _order;
    private PlacementPlan? _plan;
    private CollectiveMemory? _memory;
    private CollectiveShare? _share;
    private SiloCollective? _collective;
    private ChipReduction? _switch;
    private ICollectiveChip[] _chips = [];
    private Task _sending = Task.CompletedTask;
    private int _index;
    private long _iteration;

    private string Test => this.GetPrimaryKeyString()[..this.GetPrimaryKeyString().IndexOf('/', StringComparison.Ordinal)];

    private bool IsFirstOnSilo => _plan!.IsFirstOnSilo(_index);

    private bool Reduces => _order!.Kind is CollectiveKind.AllReduce or CollectiveKind.ReduceScatter;

    public async Task Prepare(CollectiveOrder order, PlacementPlan plan, int ultraServer, CancellationToken cancellation)
    {
        (_order, _plan, _index, _iteration) = (order, plan, ultraServer, 0);
        MemoryNeed.CheckBuffers(order.Length, (long)order.Chips * plan.ShareOf(ultraServer).Count);
        await engine.RunAsync(() => _memory = new CollectiveMemory(order.Chips, order.Length));
        _share = store.Join(Test, order, plan, ultraServer);
        _collective = _share.Collective;
        _collective.Exchange.Join(ultraServer, _memory!);
        _switch = new ChipReduction(order.Chips, _collective.Buckets, _memory!, _collective.Wire, bucket => _collective.Exchange.Arrive(ultraServer, bucket, 0));
        _chips = [.. Enumerable.Range(0, order.Chips).Select(chip => GrainFactory.GetGrain<ICollectiveChip>(GrainKeys.Chip(Test, 1, ultraServer, chip)))];
        await Task.WhenAll(_chips.Select(chip => chip.Ready(-1, cancellation)));
        if (IsFirstOnSilo)
        {
            _sending = _collective.Links.RunAsync(Send, _collective.Exchange.Fail, _over.Token);
        }
    }

    public async Task<double> Run(CancellationToken cancellation)
    {
        for (int i = 0; i < _order!.WarmUp; i++)
        {
            await Iterate(cancellation);
        }

        long start = time.GetTimestamp();
        for (int i = 0; i < _order.Iterations; i++)
        {
            await Iterate(cancellation);
        }

        return time.GetElapsedTime(start).TotalMicroseconds / _order.Iterations;
    }

    public Task Fill(CancellationToken cancellation) => engine.RunAsync(() => Kept(Fill));

    public async Task<long> Check(CancellationToken cancellation)
    {
        long wrong = 0;
        await Iterate(cancellation, () => engine.RunAsync(() => Kept(() => wrong = Wrong())));
        return wrong;
    }

    public Task<IReadOnlyList<LinkTraffic>> Traffic(CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<LinkTraffic>>(IsFirstOnSilo ? _collective!.Links.Traffic : []);

    public Task Exchange(long iteration, ExchangeBlock block, CancellationToken cancellation)
    {
        _collective!.Exchange.Accept(iteration, block);
        return Task.CompletedTask;
    }

    public Task Notify(long iteration, StepNotice notice, CancellationToken cancellation)
    {
        _collective!.Exchange.Accept(iteration, notice);
        return Task.CompletedTask;
    }

    public async Task Close(CancellationToken cancellation)
    {
        await _over.CancelAsync();
        await _sending;
        store.Leave(Test);
        _memory?.Dispose();
        DeactivateOnIdle();
    }

    public void Dispose()
    {
        _over.Dispose();
        _memory?.Dispose();
    }

    private async Task Iterate(CancellationToken cancellation, Func<Task>? inspect = null)
    {
        long iteration = _iteration++;
        ScaleOutExchange exchange = _collective!.Exchange;
        await exchange.BeginAsync(iteration);
        _switch!.Begin(iteration);
        Task[] ready = new Task[_chips.Length];
        for (int chip = 0; chip < ready.Length; chip++)
        {
            ready[chip] = _chips[chip].Ready(iteration, cancellation);
        }

        await Task.WhenAll(ready);
        await engine.RunAsync(() => Kept(Bring));
        await exchange.FinishAsync(iteration, _index, 0, AfterStep.Continue).WaitAsync(deadlines.Step, time, cancellation);
        if (inspect is not null)
        {
            await inspect();
        }

        exchange.Release(iteration);
    }

    /// <summary>Works on this UltraServer's memory and on the silo's result, which stay meanwhile.</summary>
    private void Kept(Action work)
    {
        using MemoryHold ownStays = new(_memory);
        using MemoryHold resultStays = new(_collective!.Exchange.Result.Memory);
        work();
    }

    /// <summary>What this UltraServer brings into the exchange, on the compute threads.</summary>
    private void Bring()
    {
        Buckets work = new() { Server = this };
        ComputeEngine.ForEachPiece(_collective!.Buckets.Count, ref work);
    }

    private void Bring(int bucket)
    {
        if (Reduces)
        {
            _switch!.ReduceAll(bucket, _memory!.Buffers);
            return;
        }

        if (_collective!.Buckets.Owner(bucket) != _collective.Place || (_order!.Kind == CollectiveKind.Broadcast && _index != 0))
        {
            return;
        }

        if (_order.Kind == CollectiveKind.AllGather && !Gather(bucket))
        {
            return;
        }

        _collective.Exchange.Spread(bucket);
    }

    /// <summary>Copies what this UltraServer's chips have of a bucket into the silo's result.</summary>
    /// <returns>Whether the bucket is complete with this.</returns>
    private bool Gather(int bucket)
    {
        (long start, long end) = (_collective!.Buckets.Offset(bucket), _collective.Buckets.Offset(bucket) + _collective.Buckets.LengthOf(bucket));
        AlignedBuffer result = _collective.Exchange.Result.Gradient;
        long brought = 0;
        for (int chip = 0; chip < _order!.Chips; chip++)
        {
            (long first, long behind) = Part((_index * _order.Chips) + chip);
            (first, behind) = (Math.Max(first, start), Math.Min(behind, end));
            if (first < behind)
            {
                ReadOnlySpan<float> source = _memory!.Buffers[chip].Span(first, (int)(behind - first));
                source.CopyTo(result.Span(first, source.Length));
                brought += source.Length;
            }
        }

        return _share!.Gathered(bucket, brought);
    }

    /// <summary>The part of the whole that a chip has or keeps.</summary>
    private (long Start, long End) Part(int rank) => CollectiveShare.Part(_order!, rank, 1);

    private void Fill()
    {
        for (int chip = 0; chip < _order!.Chips; chip++)
        {
            CollectiveValues.Fill(_memory!.Buffers[chip].Span(), (_index * _order.Chips) + chip);
        }
    }

    private long Wrong()
    {
        ReadOnlySpan<float> result = _collective!.Exchange.Result.Gradient.Span();
        int ranks = _order!.UltraServers * _order.Chips;
        long wrong = 0;
        int rank = 0;
        for (long place = 0; place < result.Length; place++)
        {
            while (rank < ranks - 1 && place >= Part(rank).End)
            {
                rank++;
            }

            bool mine = rank / _order.Chips == _index;
            float expected = _order.Kind switch
            {
                CollectiveKind.AllGather => CollectiveValues.At(rank, place),
                CollectiveKind.Broadcast => CollectiveValues.At(0, place),
                _ => CollectiveValues.SumAt(ranks, place),
            };
            if ((_order.Kind != CollectiveKind.ReduceScatter || mine) && result[(int)place] != expected)
            {
                wrong++;
            }
        }

        return wrong;
    }

    private Task Send(OutgoingBlock outgoing)
    {
        ICollectiveServer peer = GrainFactory.GetGrain<ICollectiveServer>(GrainKeys.UltraServer(Test, 1, _plan!.Shares[outgoing.Silo].First));
        return outgoing.Block is { } block
            ? peer.Exchange(outgoing.Step, block, CancellationToken.None)
            : peer.Notify(outgoing.Step, outgoing.Notice!, CancellationToken.None);
    }

    private struct Buckets : IPieces
    {
        internal CollectiveServer Server;

        public readonly void Run(int piece) => Server.Bring(piece);
    }
}

/// <summary>A chip of a measurement.</summary>
[UltraServerPlacement, Reentrant]
internal sealed class CollectiveChip : Grain, ICollectiveChip
{
    public Task Ready(long iteration, CancellationToken cancellation) => Task.CompletedTask;
}
