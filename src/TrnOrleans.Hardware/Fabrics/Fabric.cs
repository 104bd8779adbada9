using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Numerics.Elementary;

namespace TrnOrleans.Hardware.Fabrics;

/// <summary>What joins the chips of a cluster, from the innermost level to the network, and the time of collectives on it.</summary>
public sealed class Fabric
{
    // Bytes at which the efficiency of a stack is stated.
    private const double StatedBytes = 1e8;

    private static readonly CollectiveAlgorithm[] s_all = [CollectiveAlgorithm.Mesh, CollectiveAlgorithm.Ring, CollectiveAlgorithm.HalvingDoubling, CollectiveAlgorithm.Tree];

    private readonly SoftwareStack? _stack;
    private readonly CollectiveAlgorithm[] _known;

    /// <param name="system">Systems of the cluster.</param>
    /// <param name="preset">Which reading of their fabric; null for the first.</param>
    /// <param name="systems">How many there are.</param>
    /// <param name="stack">What share of the bandwidth is reached; null for all of it.</param>
    /// <exception cref="InvalidDescriptionException">there is no such reading, or no cluster is so large.</exception>
    public Fabric(MachineSystem system, string? preset, long systems, SoftwareStack? stack = null)
    {
        Preset = preset ?? system.Fabrics.Keys.First();
        if (!system.Fabrics.TryGetValue(Preset, out IReadOnlyList<FabricLevel>? levels))
        {
            throw new InvalidDescriptionException($"{system.Name} has no fabric {preset}; known are {string.Join(", ", system.Fabrics.Keys)}");
        }

        if (systems < 1 || systems > system.Network.MostChips.Value / system.ChipCount)
        {
            throw new InvalidDescriptionException(
                $"a cluster of {system.Name} has from 1 to {Math.Floor(system.Network.MostChips.Value / system.ChipCount):N0} of them ({system.Network.MostChips.Value:N0} chips), not {systems:N0}");
        }

        List<Link> links = [];
        foreach (FabricLevel level in levels)
        {
            int inside = links.Count == 0 ? 1 : links[^1].Chips;
            links.Add(new Link(
                level.Name, level.Chips, level.Chips / inside, level.Shape, level.GigabytesPerSecond.Value * 1e9, level.LatencyMicroseconds.Value * 1e-6));
        }

        if (systems > 1)
        {
            NetworkFigures network = system.Network;
            links.Add(new Link(
                network.Name, checked((int)(system.ChipCount * systems)), (int)systems, FabricShape.Switch, network.GigabytesPerSecond.Value * 1e9,
                network.LatencyMicroseconds.Value * 1e-6));
        }

        Links = links;
        _stack = stack;
        _known = stack?.Algorithms is { Count: > 0 } known ? [.. known] : s_all;
        NetworkLevel = systems > 1 ? links.Count - 1 : -1;
    }

    /// <summary>Which reading of the system's fabric this is.</summary>
    public string Preset { get; }

    /// <summary>From the inside out.</summary>
    public IReadOnlyList<Link> Links { get; }

    /// <summary>Place of the network among the links; −1 where there is only one system.</summary>
    public int NetworkLevel { get; }

    /// <summary>Ranks of a group that are within one domain of a level, those on the levels inside counted as one: the group's size on that level.</summary>
    public int RanksOn(int level, RankGroup group)
    {
        int within = Within(level, group);
        int inside = level == 0 ? 1 : Within(level - 1, group);
        return (within + inside - 1) / inside;
    }

    /// <summary>The quickest way to carry out a collective: level by level, or one ring through all levels.</summary>
    /// <param name="kind">What.</param>
    /// <param name="bytes">As <see cref="CollectiveOperation"/> counts them.</param>
    /// <param name="group">Who.</param>
    public CollectiveTime Time(CollectiveOperation kind, double bytes, RankGroup group)
    {
        if (group.Ranks <= 1 || bytes <= 0)
        {
            return CollectiveTime.None;
        }

        if (kind == CollectiveOperation.SendReceive)
        {
            return new CollectiveTime(Start + LevelCost.Seconds(kind, CollectiveAlgorithm.Ring, Reached(LevelOf(group.Stride), bytes, 2), 2, bytes), "send-receive");
        }

        // Level by level everybody needs a partner in every domain; a ring goes through any.
        bool hasRing = kind != CollectiveOperation.AllToAll && _known.Contains(CollectiveAlgorithm.Ring);
        CollectiveTime byLevel = hasRing && !FillsDomains(group) ? new CollectiveTime(double.PositiveInfinity, string.Empty) : ByLevel(kind, bytes, group);
        double ring = hasRing ? Ring(kind, bytes, group) : double.PositiveInfinity;
        CollectiveTime best = ring < byLevel.Seconds ? new CollectiveTime(ring, "ring") : byLevel;
        return best with { Seconds = Start + best.Seconds };
    }

    /// <summary>Seconds below which no algorithm comes: what has to leave the domains of a level goes over the levels outside it, all of them at once at best.</summary>
    public double Bound(CollectiveOperation kind, double bytes, RankGroup group)
    {
        if (group.Ranks <= 1)
        {
            return 0;
        }

        if (kind == CollectiveOperation.SendReceive)
        {
            return bytes / Links[LevelOf(group.Stride)].BytesPerSecond;
        }

        double bound = 0;
        double bytesPerSecond = 0;
        for (int level = Links.Count - 1; level >= 0; level--)
        {
            int inside = level == 0 ? 1 : Within(level - 1, group);
            if (RanksOn(level, group) > 1)
            {
                bytesPerSecond += Links[level].BytesPerSecond;
                bound = Math.Max(bound, LevelCost.BytesOut(kind, group.Ranks, inside, bytes) / bytesPerSecond);
            }
        }

        return bound;
    }

    /// <summary>The innermost level on which two chips so far apart meet.</summary>
    public int LevelOf(int distance)
    {
        int level = 0;
        while (level < Links.Count - 1 && Links[level].Chips <= distance)
        {
            level++;
        }

        return level;
    }

    private double Start => _stack?.CollectiveSeconds ?? 0;

    /// <summary>A level as the stack makes use of it.</summary>
    private Link Reached(int level, double bytes, int ranks)
    {
        Link link = Links[level];
        if (_stack is null)
        {
            return link;
        }

        double share = level == NetworkLevel ? _stack.NetworkEfficiency : _stack.FabricEfficiency;
        if (_stack.SizeExponent != 0)
        {
            share *= ScalarMath.Pow(bytes / StatedBytes, _stack.SizeExponent);
        }

        return link with { BytesPerSecond = link.BytesPerSecond * Math.Min(1, share / (1 + (_stack.SmallGroupLoss / ranks))) };
    }

    /// <summary>Places of a level from one of its ranks to the next.</summary>
    private int StrideOn(int level, RankGroup group) => level == 0 ? group.Stride : Math.Max(1, group.Stride / Links[level - 1].Chips);

    /// <summary>Whether every domain that has ranks of a group has as many.</summary>
    private bool FillsDomains(RankGroup group)
    {
        int ranks = 1;
        for (int level = 0; level < Links.Count; level++)
        {
            ranks *= RanksOn(level, group);
        }

        return ranks == group.Ranks;
    }

    /// <summary>Ranks in the domain of a level that has the fewest.</summary>
    private int SmallestDomain(int level, RankGroup group)
    {
        int within = Within(level, group);
        return group.Ranks % within == 0 ? within : group.Ranks % within;
    }

    private int Within(int level, RankGroup group) => Math.Clamp(Links[level].Chips / group.Stride, 1, group.Ranks);

    /// <summary>All-reduce: reduce-scatter on each level from the inside out, all-reduce on the last, all-gather back.</summary>
    private CollectiveTime ByLevel(CollectiveOperation kind, double bytes, RankGroup group)
    {
        double seconds = 0;
        string name = string.Empty;
        int last = Links.Count - 1;
        while (last > 0 && RanksOn(last, group) == 1)
        {
            last--;
        }

        double left = bytes;
        for (int level = 0; level <= last; level++)
        {
            int ranks = RanksOn(level, group);
            if (ranks == 1)
            {
                continue;
            }

            CollectiveOperation here = kind == CollectiveOperation.AllReduce && level < last ? CollectiveOperation.ReduceScatter : kind;
            (double time, CollectiveAlgorithm algorithm) = LevelCost.Best(here, _known, Reached(level, left, ranks), ranks, left, StrideOn(level, group));

            // The way back takes as long as the way there.
            seconds += here == kind ? time : 2 * time;
            name = name.Length == 0 ? Word(algorithm) : $"{name} + {Word(algorithm)}";
            if (kind != CollectiveOperation.AllToAll)
            {
                left /= ranks;
            }
        }

        return new CollectiveTime(seconds, name);
    }

    /// <summary>
    /// As many rings as the smallest domain has ways out, each leaving it by another chip, and a step of all of them at once: a chip sends on each
    /// level the share of the bytes that its rings take there, and is done when the slowest has arrived.
    /// </summary>
    private double Ring(CollectiveOperation kind, double bytes, RankGroup group)
    {
        double part = bytes / group.Ranks;
        int steps = (kind == CollectiveOperation.AllReduce ? 2 : 1) * (group.Ranks - 1);
        double step = 0;
        double left = 1;
        for (int level = 0; level < Links.Count; level++)
        {
            int ranks = RanksOn(level, group);
            if (ranks == 1)
            {
                continue;
            }

            // What goes on out of this level's domain is not carried on the level; in a domain larger than others some have no way out, and carry all.
            int within = Within(level, group);
            int smallest = SmallestDomain(level, group);
            if (step > 0 && left == 1)
            {
                return OneRing(part, steps, group);
            }

            double beyond = within < group.Ranks ? 1.0 / smallest : 0;
            Link link = Reached(level, bytes, group.Ranks);
            int stride = StrideOn(level, group);
            step = Math.Max(step, new GroupOnLevel(link, ranks, stride).Ring(steps).Seconds(link, (left - (smallest == within ? beyond : 0)) * part));
            int few = smallest * ranks / within;
            if (smallest < within && few > 1)
            {
                step = Math.Max(step, new GroupOnLevel(link, few, stride).Ring(steps).Seconds(link, (left - beyond) * part));
            }

            left = 1.0 / smallest;
        }

        return steps * step;
    }

    /// <summary>One ring, where a domain has no more than one way out: the last chip waits for a chain of messages, most of them within domains.</summary>
    private double OneRing(double part, int steps, RankGroup group)
    {
        double round = 0;
        double shortest = double.PositiveInfinity;
        double port = 0;
        int domains = group.Ranks;
        for (int level = 0; level < Links.Count; level++)
        {
            int outside = (group.Ranks + Within(level, group) - 1) / Within(level, group);
            outside = outside == 1 ? 0 : outside;
            if (domains > outside)
            {
                Link link = Reached(level, part * group.Ranks, group.Ranks);
                double message = GroupOnLevel.Neighbours(link).Seconds(link, part);
                round += (domains - outside) * message;
                shortest = Math.Min(shortest, message);
                port = Math.Max(port, link.LatencySeconds + (steps * (message - link.LatencySeconds)));
            }

            domains = outside;
        }

        int rounds = (steps + group.Ranks - 1) / group.Ranks;
        return Math.Max(port, (rounds * round) - (((rounds * group.Ranks) - steps) * shortest));
    }

    private static string Word(CollectiveAlgorithm algorithm) => algorithm switch
    {
        CollectiveAlgorithm.HalvingDoubling => "halving-doubling",
        _ => algorithm.ToString().ToLowerInvariant(),
    };
}
