using System.Threading.Channels;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Collectives;

/// <summary>The way from one silo to the others of a run: a queue for each, few blocks in flight, bytes counted.</summary>
/// <remarks>Orleans has no back-pressure of its own: without the bound here, a fast silo would fill another's memory.</remarks>
public sealed class ScaleOutLinks
{
    // To one peer; about four keep a connection busy (measured on Orleans 10.4).
    private const int InFlight = 4;

    private readonly PlacementPlan _plan;
    private readonly int _self;
    private readonly Channel<OutgoingBlock>[] _queues;
    private readonly long[] _blocks;
    private readonly long[] _bytes;

    /// <param name="plan">Which silos there are.</param>
    /// <param name="self">This silo's place.</param>
    public ScaleOutLinks(PlacementPlan plan, int self)
    {
        (_plan, _self) = (plan, self);
        _queues = [.. plan.Shares.Select(_ => Channel.CreateUnbounded<OutgoingBlock>(new UnboundedChannelOptions { SingleReader = true }))];
        _blocks = new long[plan.Shares.Count];
        _bytes = new long[plan.Shares.Count];
    }

    /// <summary>What has been sent so far.</summary>
    public IReadOnlyList<LinkTraffic> Traffic =>
    [
        .. Enumerable.Range(0, _queues.Length).Where(place => place != _self)
            .Select(place => new LinkTraffic(
                _plan.Shares[_self].Silo, _plan.Shares[place].Silo, Interlocked.Read(ref _blocks[place]), Interlocked.Read(ref _bytes[place]))),
    ];

    /// <summary>Queues something; never waits.</summary>
    public void Send(OutgoingBlock block)
    {
        if (!_queues[block.Silo].Writer.TryWrite(block))
        {
            block.Sent?.Invoke();
        }
    }

    /// <summary>Sends what is queued until cancelled; call on the scheduler of the grain that sends.</summary>
    /// <param name="send">Sends one thing and waits until the other silo has it.</param>
    /// <param name="failed">Told what went wrong; the rest is sent all the same.</param>
    /// <param name="cancellation">Ends it; nothing queued is kept.</param>
    public async Task RunAsync(Func<OutgoingBlock, Task> send, Action<Exception> failed, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(_queues.Where((_, place) => place != _self).Select(queue => RunAsync(queue, send, failed, cancellation)));
        }
        finally
        {
            foreach (Channel<OutgoingBlock> queue in _queues)
            {
                queue.Writer.TryComplete();
                while (queue.Reader.TryRead(out OutgoingBlock? block))
                {
                    block.Sent?.Invoke();
                }
            }
        }
    }

    private async Task RunAsync(Channel<OutgoingBlock> queue, Func<OutgoingBlock, Task> send, Action<Exception> failed, CancellationToken cancellation)
    {
        using SemaphoreSlim free = new(InFlight);
        HashSet<Task> flying = [];
        try
        {
            await foreach (OutgoingBlock block in queue.Reader.ReadAllAsync(cancellation))
            {
                await free.WaitAsync(CancellationToken.None);
                flying.RemoveWhere(t => t.IsCompleted);
                flying.Add(SendOne(block, send, failed, free));
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The generation is over.
        }

        await Task.WhenAll(flying);
    }

    private async Task SendOne(OutgoingBlock block, Func<OutgoingBlock, Task> send, Action<Exception> failed, SemaphoreSlim free)
    {
        try
        {
            if (block.Block is { } bucket)
            {
                Interlocked.Increment(ref _blocks[block.Silo]);
                Interlocked.Add(ref _bytes[block.Silo], (long)bucket.Values.Length * bucket.Values.BytesPerNumber);
            }

            await send(block);
        }
#pragma warning disable CA1031 // Whatever went wrong, the run is told, and this queue goes on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            failed(error);
        }
        finally
        {
            block.Sent?.Invoke();
            free.Release();
        }
    }
}
