namespace TrnOrleans.Hardware.Fabrics;

/// <summary>
/// Time of a collective on one level, by algorithm, as the messages of its steps take it (<see cref="Route"/>): the simulator of messages in the
/// tests comes to the same.
/// </summary>
public static class LevelCost
{
    /// <summary>Seconds; infinite where the algorithm is not for this kind, shape or number of ranks.</summary>
    /// <param name="kind">What is done.</param>
    /// <param name="algorithm">How.</param>
    /// <param name="link">On which level.</param>
    /// <param name="ranks">By how many.</param>
    /// <param name="bytes">As <see cref="CollectiveOperation"/> counts them.</param>
    /// <param name="stride">Places of the level from one rank to the next.</param>
    public static double Seconds(CollectiveOperation kind, CollectiveAlgorithm algorithm, Link link, int ranks, double bytes, int stride = 1)
    {
        double part = bytes / ranks;
        int passes = kind == CollectiveOperation.AllReduce ? 2 : 1;
        GroupOnLevel group = new(link, ranks, stride);
        return (kind, algorithm) switch
        {
            (CollectiveOperation.SendReceive, CollectiveAlgorithm.Ring) => group.Pair(1).Seconds(link, bytes),
            (CollectiveOperation.SendReceive, _) => double.PositiveInfinity,
            (_, CollectiveAlgorithm.Mesh) when group.HasMesh || kind == CollectiveOperation.AllToAll => passes * group.MeshSeconds(link, part, kind == CollectiveOperation.AllToAll),
            (CollectiveOperation.AllToAll, _) => double.PositiveInfinity,
            (_, CollectiveAlgorithm.Ring) => passes * (ranks - 1) * group.Ring(passes * (ranks - 1)).Seconds(link, part),
            (_, CollectiveAlgorithm.HalvingDoubling) when int.IsPow2(ranks) && group.HasPairs => passes * Halving(),
            (CollectiveOperation.AllReduce, CollectiveAlgorithm.Tree) when int.IsPow2(ranks) && group.HasTree => 2 * Climbing(),
            _ => double.PositiveInfinity,
        };

        double Halving()
        {
            double seconds = 0;
            for (int distance = ranks / 2; distance >= 1; distance /= 2)
            {
                seconds += group.Pair(distance).Seconds(link, part * distance);
            }

            return seconds;
        }

        double Climbing()
        {
            double seconds = 0;
            for (int distance = ranks / 2; distance >= 1; distance /= 2)
            {
                seconds += group.Branch(distance).Seconds(link, bytes);
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
    /// <param name="stride">Places of the level from one rank to the next.</param>
    public static (double Seconds, CollectiveAlgorithm Algorithm) Best(
        CollectiveOperation kind, ReadOnlySpan<CollectiveAlgorithm> known, Link link, int ranks, double bytes, int stride = 1)
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
            double seconds = Seconds(kind, algorithm, link, ranks, bytes, stride);
            if (seconds < best.Seconds)
            {
                best = (seconds, algorithm);
            }
        }

        return best;
    }

    /// <summary>Bytes that a chip must send out of its domain, or receive from outside it: with the sums of a domain formed within it, and all its chips at it.</summary>
    /// <param name="kind">What is done; not a send to one other.</param>
    /// <param name="ranks">By how many.</param>
    /// <param name="domains">In so many.</param>
    /// <param name="fewest">Ranks in the emptiest of them.</param>
    /// <param name="bytes">As <see cref="CollectiveOperation"/> counts them.</param>
    public static double BytesOut(CollectiveOperation kind, int ranks, int domains, int fewest, double bytes)
    {
        double others = (double)(ranks - fewest) / ranks * bytes;
        return domains == 1 ? 0 : kind switch
        {
            CollectiveOperation.AllToAll => others,
            CollectiveOperation.AllReduce => Math.Max(2 * (domains - 1) * (bytes / ranks), bytes / fewest),
            _ => Math.Max((domains - 1) * (bytes / ranks), others / fewest),
        };
    }
}
