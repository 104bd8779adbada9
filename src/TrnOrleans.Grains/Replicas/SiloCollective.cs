using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Replicas;

/// <summary>A silo's part in the collectives of one generation of a run, or of a measurement: the sums in its memory, and the links to the other silos.</summary>
internal sealed class SiloCollective
{
    internal SiloCollective(PlacementPlan plan, int place, BucketLayout buckets, CollectiveKind kind = CollectiveKind.AllReduce)
    {
        (Place, Buckets) = (place, buckets);
        Links = new ScaleOutLinks(plan, place);
        Exchange = new ScaleOutExchange(plan, place, buckets, Links.Send, kind);
    }

    /// <summary>This silo's place in the plan.</summary>
    internal int Place { get; }

    internal BucketLayout Buckets { get; }

    internal ScaleOutLinks Links { get; }

    internal ScaleOutExchange Exchange { get; }
}
