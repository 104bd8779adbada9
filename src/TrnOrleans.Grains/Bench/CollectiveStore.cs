using System.Collections.Concurrent;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;

namespace TrnOrleans.Grains.Bench;

/// <summary>The measurements that this silo takes part in.</summary>
internal sealed class CollectiveStore
{
    private readonly ConcurrentDictionary<string, CollectiveShare> _shares = new(StringComparer.Ordinal);

    internal CollectiveShare Join(string test, CollectiveOrder order, PlacementPlan plan, int ultraServer) =>
        _shares.GetOrAdd(test, _ => new CollectiveShare(order, plan, plan.PlaceOf(ultraServer)));

    internal void Leave(string test) => _shares.TryRemove(test, out _);
}

/// <summary>A silo's part in one measurement.</summary>
internal sealed class CollectiveShare
{
    private readonly long[] _missing;
    private readonly int[] _lengths;

    internal CollectiveShare(CollectiveOrder order, PlacementPlan plan, int place)
    {
        Collective = new SiloCollective(plan, place, Cut(order, plan), order.IsBf16 ? WireFormat.Bf16 : WireFormat.Fp32, order.Kind);
        BucketLayout buckets = Collective.Buckets;
        _lengths = [.. Enumerable.Range(0, buckets.Count).Select(buckets.LengthOf)];
        _missing = [.. _lengths.Select(l => (long)l)];
    }

    internal SiloCollective Collective { get; }

    /// <summary>The part of the whole that some neighbouring chips have.</summary>
    internal static (long Start, long End) Part(CollectiveOrder order, int rank, int count)
    {
        Int128 ranks = (Int128)order.UltraServers * order.Chips;
        return ((long)(order.Length * (Int128)rank / ranks), (long)(order.Length * (Int128)(rank + count) / ranks));
    }

    /// <summary>Some floats of a bucket are there.</summary>
    /// <returns>Whether all are, with these.</returns>
    internal bool Gathered(int bucket, long floats)
    {
        if (Interlocked.Add(ref _missing[bucket], -floats) != 0 || floats == 0)
        {
            return false;
        }

        // For the next iteration, which cannot begin before this one is over.
        Interlocked.Exchange(ref _missing[bucket], _lengths[bucket]);
        return true;
    }

    private static BucketLayout Cut(CollectiveOrder order, PlacementPlan plan) => order.Kind switch
    {
        CollectiveKind.AllReduce => new BucketLayout(order.Length, plan.Shares.Count),
        CollectiveKind.Broadcast => new BucketLayout([order.Length]),
        _ => new BucketLayout([.. plan.Shares.Select(share =>
        {
            (long start, long end) = Part(order, share.First * order.Chips, share.Count * order.Chips);
            return end - start;
        })]),
    };
}
