using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Collectives;

/// <summary>What an all-reduce over UltraServers ends with, equal on all of them.</summary>
/// <param name="LossSum">Over all samples of the step.</param>
/// <param name="StopAfter">Whether this step is the last.</param>
internal readonly record struct ExchangeResult(double LossSum, bool StopAfter);

/// <summary>
/// The all-reduce between UltraServers, seen from one of them: sums go up a tree over the UltraServer index (the shape of
/// <see cref="ReductionTree"/>), the result comes down the same way. The gradient travels in blocks of 1 MiB, few at a time.
/// </summary>
/// <remarks>Lives on its grain's scheduler: no two of its methods run at once.</remarks>
internal sealed class ScaleOutExchange(
    IGrainFactory grains, PrepareOrder order, Replica replica, ComputeEngine engine, Deadlines deadlines, TimeProvider time)
{
    // Best between silos at 256 KiB – 1 MiB a message and about four in flight (measured on Orleans 10.4).
    private const int BucketLength = 1 << 18;
    private const int InFlight = 4;

    private readonly Dictionary<(long Step, bool Down, int From, int Bucket), Slot> _inbox = [];
    private readonly int _count = replica.Spec.Cluster.UltraServers;
    private readonly int _buckets = (int)((replica.Length + BucketLength - 1) / BucketLength);
    private long _finished = -1;

    /// <summary>Sums a gradient over all UltraServers in place.</summary>
    /// <param name="ticket">The step.</param>
    /// <param name="buffer">Number of the buffer with this UltraServer's sum; holds the whole sum on return.</param>
    /// <param name="lossSum">Of this UltraServer's samples.</param>
    /// <param name="stopAfter">What the first UltraServer wants; the others' is not asked.</param>
    /// <param name="cancellation">Gives up.</param>
    internal async Task<ExchangeResult> AllReduce(StepTicket ticket, int buffer, double lossSum, bool stopAfter, CancellationToken cancellation)
    {
        int self = order.UltraServer;
        AlignedBuffer gradient = replica.Gradients[buffer];
        int stride = 1;
        for (; stride < _count && (self & stride) == 0; stride <<= 1)
        {
            if (self + stride < _count)
            {
                lossSum += (await Receive(ticket, self + stride, gradient, down: false, cancellation)).LossSum;
            }
        }

        ExchangeResult result = new(lossSum, stopAfter);
        if (self != 0)
        {
            int parent = self - stride;
            await Send(ticket, parent, gradient, down: false, result, cancellation);
            result = await Receive(ticket, parent, gradient, down: true, cancellation);
        }

        for (stride >>= 1; stride > 0; stride >>= 1)
        {
            if (self + stride < _count)
            {
                await Send(ticket, self + stride, gradient, down: true, result, cancellation);
            }
        }

        // Only now, so that a doubled block of this step still finds that it has been here.
        foreach ((long, bool, int, int) key in _inbox.Keys.Where(k => k.Step <= ticket.Step).ToArray())
        {
            _inbox.Remove(key);
        }

        _finished = ticket.Step;
        return result;
    }

    /// <summary>A block arrives; the task ends when its memory is no longer needed.</summary>
    /// <returns>Null when the block is late or doubled, and was dropped.</returns>
    internal Task? Accept(StepTicket ticket, ExchangeBlock block)
    {
        if (ticket.Step <= _finished)
        {
            return null;
        }

        Slot slot = At((ticket.Step, block.Down, block.From, block.Bucket));
        return slot.Arrived.TrySetResult(block) ? slot.Used.Task : null;
    }

    private async Task<ExchangeResult> Receive(StepTicket ticket, int from, AlignedBuffer gradient, bool down, CancellationToken cancellation)
    {
        ExchangeResult result = default;
        for (int bucket = 0; bucket < _buckets; bucket++)
        {
            (long, bool, int, int) key = (ticket.Step, down, from, bucket);
            Slot slot = At(key);
            ExchangeBlock block = await slot.Arrived.Task.WaitAsync(deadlines.Step, time, cancellation);
            long offset = (long)bucket * BucketLength;
            await engine.RunAsync(
                () => replica.Run(() =>
                {
                    Span<float> target = gradient.Span(offset, block.Values.Length);
                    if (down)
                    {
                        block.Values.Span.CopyTo(target);
                    }
                    else
                    {
                        VectorSum.AddInto(target, block.Values.Span);
                    }
                }),
                urgent: true);
            slot.Used.SetResult();
            result = new ExchangeResult(block.LossSum, block.StopAfter);
        }

        return result;
    }

    private async Task Send(StepTicket ticket, int to, AlignedBuffer gradient, bool down, ExchangeResult result, CancellationToken cancellation)
    {
        IUltraServer peer = grains.GetGrain<IUltraServer>(GrainKeys.UltraServer(order.Run, to));
        Queue<Task> flying = new();
        for (int bucket = 0; bucket < _buckets; bucket++)
        {
            if (flying.Count == InFlight)
            {
                await flying.Dequeue();
            }

            long offset = (long)bucket * BucketLength;
            TensorBlock values = new(gradient, offset, (int)Math.Min(BucketLength, replica.Length - offset));
            ExchangeBlock block = new(order.UltraServer, bucket, down, result.LossSum, result.StopAfter, values);
            flying.Enqueue(peer.Exchange(ticket, block, cancellation).WaitAsync(deadlines.Step, time, cancellation));
        }

        await Task.WhenAll(flying);
    }

    private Slot At((long Step, bool Down, int From, int Bucket) key)
    {
        if (!_inbox.TryGetValue(key, out Slot? slot))
        {
            _inbox.Add(key, slot = new Slot());
        }

        return slot;
    }

    private sealed class Slot
    {
        internal TaskCompletionSource<ExchangeBlock> Arrived { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal TaskCompletionSource Used { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
