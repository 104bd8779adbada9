using TrnOrleans.Hardware.Machines;

namespace TrnOrleans.Hardware.Fabrics;

/// <summary>
/// Time of a collective on one level, by algorithm. A message takes latency + bytes ÷ bandwidth, and a chip sends one and receives one at a
/// time: the simulator of messages in the tests comes to the same.
/// </summary>
public static class LevelCost
{
    /// <summary>Seconds; infinite where the algorithm is not for this kind, shape or number of ranks.</summary>
    /// <param name="kind">What is done.</param>
    /// <param name="algorithm">How.</param>
    /// <param name="link">On which level.</param>
    /// <param name="ranks">By how many.</param>
    /// <param name="bytes">As <see cref="CollectiveOperation"/> counts them.</param>
    public static double Seconds(CollectiveOperation kind, CollectiveAlgorithm algorithm, Link link, int ranks, double bytes)
    {
        double part = bytes / ranks;
        int passes = kind == CollectiveOperation.AllReduce ? 2 : 1;
        bool isTorus = link.Shape is FabricShape.Torus or FabricShape.Ring;

        // Who is no neighbour is reached through others, whose links are then busy.
        double hops = isTorus ? AverageHops(link, ranks) : 1;
        double Step(double size) => (hops * link.LatencySeconds) + (hops * size / link.BytesPerSecond);
        return (kind, algorithm) switch
        {
            (CollectiveOperation.SendReceive, CollectiveAlgorithm.Ring) => link.LatencySeconds + (bytes / link.BytesPerSecond),
            (CollectiveOperation.SendReceive, _) => double.PositiveInfinity,
            (_, CollectiveAlgorithm.Mesh) => passes * ((hops * link.LatencySeconds) + (hops * (ranks - 1) * part / link.BytesPerSecond)),
            (CollectiveOperation.AllToAll, _) => double.PositiveInfinity,
            (_, CollectiveAlgorithm.Ring) => passes * (ranks - 1) * (link.LatencySeconds + (part / link.BytesPerSecond)),
            (_, CollectiveAlgorithm.HalvingDoubling) when int.IsPow2(ranks) => passes * Halving(),
            (CollectiveOperation.AllReduce, CollectiveAlgorithm.Tree) when int.IsPow2(ranks) => 2 * int.Log2(ranks) * Step(bytes),
            _ => double.PositiveInfinity,
        };

        double Halving()
        {
            double seconds = 0;
            for (int distance = ranks / 2; distance >= 1; distance /= 2)
            {
                seconds += Step(part * distance);
            }

            return seconds;
        }
    }

    /// <summary>The quickest algorithm and its time.</summary>
    /// <param name="kind">What is done.</param>
    /// <param name="known">Algorithms that there are to choose from.</param>
    /// <param name="link">On which level.</param>
    /// <param name="ranks">By how many.</param>
    /// <param name="bytes">As <see cref="CollectiveOperation"/> counts them.</param>
    public static (double Seconds, CollectiveAlgorithm Algorithm) Best(CollectiveOperation kind, ReadOnlySpan<CollectiveAlgorithm> known, Link link, int ranks, double bytes)
    {
        if (ranks <= 1 || bytes <= 0)
        {
            return (0, CollectiveAlgorithm.None);
        }

        // Everything has another receiver: no library has another way.
        known = kind == CollectiveOperation.AllToAll ? [CollectiveAlgorithm.Mesh] : known;
        (double Seconds, CollectiveAlgorithm Algorithm) best = (double.PositiveInfinity, CollectiveAlgorithm.None);
        foreach (CollectiveAlgorithm algorithm in known)
        {
            double seconds = Seconds(kind, algorithm, link, ranks, bytes);
            if (seconds < best.Seconds)
            {
                best = (seconds, algorithm);
            }
        }

        return best;
    }

    /// <summary>No algorithm is quicker: every chip must send and receive so much.</summary>
    public static double Bound(CollectiveOperation kind, Link link, int ranks, double bytes) =>
        ranks <= 1 ? 0
        : kind == CollectiveOperation.SendReceive ? bytes / link.BytesPerSecond
        : (kind == CollectiveOperation.AllReduce ? 2 : 1) * (ranks - 1) * (bytes / ranks) / link.BytesPerSecond;

    /// <summary>From a chip to another, on average: in a ring a quarter of the way round, in a square torus that in both directions.</summary>
    private static double AverageHops(Link link, int ranks)
    {
        if (ranks <= 2)
        {
            return 1;
        }

        double side = link.Shape == FabricShape.Torus ? Math.Sqrt(ranks) : ranks;
        double way = Math.Max(1, side / 4);
        return Math.Max(1, link.Shape == FabricShape.Torus ? 2 * way * ranks / (ranks - 1) : way * ranks / (ranks - 1));
    }
}
