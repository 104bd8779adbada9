using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Replicas;

/// <summary>A silo's part in the all-reduce of one generation of a run: the sums in its memory, and the links to the other silos.</summary>
internal sealed class SiloCollective
{
    internal SiloCollective(PrepareOrder order, long length)
    {
        int place = order.Plan.PlaceOf(order.UltraServer);
        Buckets = new BucketLayout(length, order.Plan.Shares.Count);
        Links = new ScaleOutLinks(order.Plan, place);
        Exchange = new ScaleOutExchange(order.Plan, place, Buckets, Links.Send);
    }

    internal BucketLayout Buckets { get; }

    internal ScaleOutLinks Links { get; }

    internal ScaleOutExchange Exchange { get; }
}
