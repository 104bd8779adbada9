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

        List<Link> links =
        [
            .. levels.Select(l => new Link(l.Name, l.Chips, l.Shape, l.GigabytesPerSecond.Value * 1e9, l.LatencyMicroseconds.Value * 1e-6)),
        ];
        if (systems > 1)
        {
            NetworkFigures network = system.Network;
            links.Add(new Link(
                network.Name, checked((int)(system.ChipCount * systems)), FabricShape.Switch, network.GigabytesPerSecond.Value * 1e9,
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

        CollectiveTime byLevel = ByLevel(kind, bytes, group);
        double ring = kind == CollectiveOperation.AllToAll || !_known.Contains(CollectiveAlgorithm.Ring) ? double.PositiveInfinity : Ring(kind, bytes, group);
        CollectiveTime best = ring < byLevel.Seconds ? new CollectiveTime(ring, "ring") : byLevel;
        return best with { Seconds = Start + best.Seconds };
    }

    /// <summary>Seconds below which no algorithm comes: the slowest level must carry what has to cross it.</summary>
    public double Bound(CollectiveOperation kind, double bytes, RankGroup group)
    {
        if (kind == CollectiveOperation.SendReceive)
        {
            return group.Ranks <= 1 ? 0 : LevelCost.Bound(kind, Links[LevelOf(group.Stride)], 2, bytes);
        }

        double bound = 0;
        for (int level = 0; level < Links.Count; level++)
        {
            // All ranks inside share the way out of their domain.
            int inside = level == 0 ? 1 : Within(level - 1, group);
            bound = Math.Max(bound, LevelCost.Bound(kind, Links[level], RanksOn(level, group), bytes / inside));
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
            (double time, CollectiveAlgorithm algorithm) = LevelCost.Best(here, _known, Reached(level, left, ranks), ranks, left);

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

    /// <summary>As many rings as there are ways out of a domain, each step as slow as its slowest message.</summary>
    private double Ring(CollectiveOperation kind, double bytes, RankGroup group)
    {
        double latency = 0;
        double slowest = 0;
        for (int level = 0; level < Links.Count; level++)
        {
            if (RanksOn(level, group) > 1)
            {
                int inside = level == 0 ? 1 : Within(level - 1, group);
                latency = Math.Max(latency, Links[level].LatencySeconds);
                slowest = Math.Max(slowest, 1 / (inside * Reached(level, bytes, group.Ranks).BytesPerSecond));
            }
        }

        return (kind == CollectiveOperation.AllReduce ? 2 : 1) * (group.Ranks - 1) * (latency + (bytes / group.Ranks * slowest));
    }

    private static string Word(CollectiveAlgorithm algorithm) => algorithm switch
    {
        CollectiveAlgorithm.HalvingDoubling => "halving-doubling",
        _ => algorithm.ToString().ToLowerInvariant(),
    };
}
