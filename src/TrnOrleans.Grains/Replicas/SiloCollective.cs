using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Replicas;

/// <summary>A silo's part in the collectives of one generation of a run, or of a measurement: the sums in its memory, and the links to the other silos.</summary>
internal sealed class SiloCollective
{
    internal SiloCollective(PlacementPlan plan, int place, BucketLayout buckets, WireFormat wire, CollectiveKind kind = CollectiveKind.AllReduce)
    {
        (Place, Buckets, Wire) = (place, buckets, wire);
        Links = new ScaleOutLinks(plan, place);
        Exchange = new ScaleOutExchange(plan, place, buckets, Links.Send, wire, kind);
    }

    /// <summary>This silo's place in the plan.</summary>
    internal int Place { get; }

    internal BucketLayout Buckets { get; }

    internal WireFormat Wire { get; }

    internal ScaleOutLinks Links { get; }

    internal ScaleOutExchange Exchange { get; }
}
