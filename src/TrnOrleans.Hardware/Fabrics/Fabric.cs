using System.Collections.Concurrent;
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

    private static readonly CollectiveAlgorithm[] s_mesh = [CollectiveAlgorithm.Mesh];

    private readonly SoftwareStack? _stack;
    private readonly CollectiveAlgorithm[] _known;
    private readonly int _systemChips;

    // A search asks for the same groups again and again.
    private readonly ConcurrentDictionary<RankGroup, GroupSpread[][]> _spreads = new();
    private readonly ConcurrentDictionary<RankGroup, int[]> _sendLevels = new();

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
            links.Add(Link.Of(level, links.Count == 0 ? 1 : links[^1].Chips));
        }

        if (systems > 1)
        {
            links.Add(Link.Of(system.Network, system.ChipCount, systems));
        }

        Links = links;
        _systemChips = system.ChipCount;
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

    /// <summary>
    /// Adds what a chip sends on each level when a group sums so many bytes and everybody gets the sum, level by level; of the groups of a layout
    /// those that send most on a level.
    /// </summary>
    /// <param name="group">Who.</param>
    /// <param name="bytes">At each rank.</param>
    /// <param name="times">How often.</param>
    /// <param name="sent">Bytes on each level so far.</param>
    public void AddReduced(RankGroup group, double bytes, double times, Span<double> sent)
    {
        GroupSpread[][] spreads = Spreads(group);
        for (int level = 0; level < sent.Length; level++)
        {
            double most = 0;
            foreach (GroupSpread[] spread in spreads)
            {
                int inside = level == 0 ? 1 : spread[level - 1].Fewest;
                most = Math.Max(most, 2.0 * (spread[level].Parts - 1) / spread[level].Parts * bytes / inside);
            }

            sent[level] += times * most;
        }
    }

    /// <summary>The same when everybody sends everybody else a part of so many bytes: each over the level on which the two meet.</summary>
    /// <param name="group">Who.</param>
    /// <param name="bytes">At each rank.</param>
    /// <param name="times">How often.</param>
    /// <param name="sent">Bytes on each level so far.</param>
    public void AddExchanged(RankGroup group, double bytes, double times, Span<double> sent)
    {
        GroupSpread[][] spreads = Spreads(group);
        for (int level = 0; level < sent.Length; level++)
        {
            int most = 0;
            foreach (GroupSpread[] spread in spreads)
            {
                most = Math.Max(most, spread[level].Most - (level == 0 ? 1 : spread[level - 1].Fewest));
            }

            sent[level] += times * bytes / group.Ranks * most;
        }
    }

    /// <summary>The quickest way to carry out a collective, for the groups of a layout that take longest: side by side they go over the domains as their chips fall.</summary>
    /// <param name="kind">What.</param>
    /// <param name="bytes">As <see cref="CollectiveOperation"/> counts them.</param>
    /// <param name="group">Who. Of a send: each to the next, all of them at once.</param>
    public CollectiveTime Time(CollectiveOperation kind, double bytes, RankGroup group)
    {
        CollectiveTime slowest = CollectiveTime.None;
        if (group.Ranks > 1 && bytes > 0)
        {
            foreach (GroupSpread[] spread in Spreads(group))
            {
                CollectiveTime time = Time(kind, bytes, group, spread);
                slowest = time.Seconds > slowest.Seconds ? time : slowest;
            }
        }

        return slowest;
    }

    /// <summary>The same for the group that begins at a chip.</summary>
    public CollectiveTime Time(CollectiveOperation kind, double bytes, RankGroup group, long first) =>
        group.Ranks > 1 && bytes > 0 ? Time(kind, bytes, group, Spread(group, first)) : CollectiveTime.None;

    /// <summary>Seconds below which no algorithm comes: what has to leave the domains of a level goes over the levels outside it, all of them at once at best.</summary>
    public double Bound(CollectiveOperation kind, double bytes, RankGroup group)
    {
        if (group.Ranks <= 1)
        {
            return 0;
        }

        if (kind == CollectiveOperation.SendReceive)
        {
            return SendLevels(group).Max(level => bytes / Links[level].BytesPerSecond);
        }

        double bound = 0;
        foreach (GroupSpread[] spread in Spreads(group))
        {
            double bytesPerSecond = 0;
            for (int level = Links.Count - 1; level >= 0; level--)
            {
                if (spread[level].Parts > 1)
                {
                    (int domains, int fewest) = level == 0 ? (group.Ranks, 1) : (spread[level - 1].Domains, spread[level - 1].Fewest);
                    bytesPerSecond += Links[level].BytesPerSecond;
                    bound = Math.Max(bound, LevelCost.BytesOut(kind, group.Ranks, domains, fewest, bytes) / bytesPerSecond);
                }
            }
        }

        return bound;
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

    /// <summary>Levels over which ranks of a row send to the next, of all rows of a layout: side by side, and behind each other from chip 0 on.</summary>
    public IReadOnlyList<int> SendLevels(RankGroup group) => _sendLevels.TryGetValue(group, out int[]? known) ? known : _sendLevels.GetOrAdd(group, AllSendLevels(group));

    private int[] AllSendLevels(RankGroup group)
    {
        bool[] used = new bool[Links.Count];
        foreach (long first in Firsts(group))
        {
            // Every chip but those of the last ranks; what is further on than a system repeats itself.
            long senders = Math.Min((group.Ranks - 1L) * group.Stride, _systemChips);
            for (long chip = first; chip < first + senders; chip++)
            {
                used[MeetingLevel(chip, chip + group.Stride)] = true;
            }
        }

        return [.. Enumerable.Range(0, used.Length).Where(level => used[level])];
    }

    /// <summary>The innermost level on which two chips meet.</summary>
    internal int MeetingLevel(long chip, long other)
    {
        int level = 0;
        while (level < Links.Count - 1 && chip / Links[level].Chips != other / Links[level].Chips)
        {
            level++;
        }

        return level;
    }

    /// <summary>The ways in which the groups of a layout, side by side and behind each other from chip 0 on, are spread over the levels.</summary>
    internal GroupSpread[][] Spreads(RankGroup group) => _spreads.TryGetValue(group, out GroupSpread[][]? known) ? known : _spreads.GetOrAdd(group, AllSpreads(group));

    private GroupSpread[][] AllSpreads(RankGroup group)
    {
        List<GroupSpread[]> spreads = [];
        foreach (long first in Firsts(group))
        {
            // Of those that lie between each other's chips the first and the last: where strides fit, all are alike, and else these lie farthest apart.
            foreach (long begin in group.Stride > 1 ? [first, first + group.Stride - 1] : new[] { first })
            {
                GroupSpread[] spread = Spread(group, begin);
                if (!spreads.Exists(s => s.AsSpan().SequenceEqual(spread)))
                {
                    spreads.Add(spread);
                }
            }
        }

        return [.. spreads];
    }

    /// <summary>Where groups that lie behind each other begin; from where one begins as another one has, within a system, they repeat themselves.</summary>
    private IEnumerable<long> Firsts(RankGroup group)
    {
        long span = (long)group.Ranks * group.Stride;
        HashSet<long> begun = [];
        for (long first = 0; (first == 0 || first + span <= Links[^1].Chips) && begun.Add(first % _systemChips); first += span)
        {
            yield return first;
        }
    }

    private GroupSpread[] Spread(RankGroup group, long first) =>
        [.. Links.Select((link, level) => GroupSpread.Of(link.Chips, level == 0 ? 1 : Links[level - 1].Chips, group, first))];

    private CollectiveTime Time(CollectiveOperation kind, double bytes, RankGroup group, GroupSpread[] spread)
    {
        if (kind == CollectiveOperation.SendReceive)
        {
            // All send at once, and the next round begins when the slowest has arrived.
            double seconds = 0;
            foreach (int level in SendLevels(group))
            {
                seconds = Math.Max(seconds, LevelCost.Seconds(kind, CollectiveAlgorithm.Ring, Reached(level, bytes, 2), 2, bytes, StrideOn(level, group)));
            }

            return new CollectiveTime(Start + seconds, "send-receive");
        }

        CollectiveTime best = ByLevel(kind, bytes, group, spread);
        if (kind != CollectiveOperation.AllToAll && _known.Contains(CollectiveAlgorithm.Ring))
        {
            double ring = Ring(kind, bytes, group, spread);
            best = ring < best.Seconds ? new CollectiveTime(ring, "ring") : best;
        }

        CollectiveTime flat = Flat(kind, bytes, group, spread);
        best = flat.Seconds < best.Seconds ? flat : best;
        return best with { Seconds = Start + best.Seconds };
    }

    /// <summary>
    /// All-reduce: reduce-scatter on each level from the inside out, all-reduce on the last, all-gather back. Where domains have unequal parts of a
    /// group, each chip of the emptiest carries more of the bytes outwards, and the others hand theirs over to those who face them; so they do where
    /// links join chips of one address, and partners have others.
    /// </summary>
    private CollectiveTime ByLevel(CollectiveOperation kind, double bytes, RankGroup group, GroupSpread[] spread)
    {
        double seconds = 0;
        string name = string.Empty;
        int last = Outermost(spread);
        for (int level = 0; level <= last; level++)
        {
            int ranks = spread[level].Parts;
            if (ranks == 1)
            {
                continue;
            }

            CollectiveOperation here = kind == CollectiveOperation.AllReduce && level < last ? CollectiveOperation.ReduceScatter : kind;
            (int most, int fewest) = level == 0 ? (1, 1) : (spread[level - 1].Most, spread[level - 1].Fewest);

            // All but its own part goes into the emptiest domain and out of it, over each of its chips the same share; (n − 1) / n of all where domains are alike.
            double uneven = (1 - ((double)fewest / spread[level].Most)) * ranks / (ranks - 1);
            double left = uneven * (kind == CollectiveOperation.AllToAll ? bytes : bytes / fewest);
            (double time, CollectiveAlgorithm algorithm) = LevelCost.Best(here, _known, Reached(level, left, ranks), ranks, left, StrideOn(level, group));

            // The way back takes as long as the way there.
            seconds += here == kind ? time : 2 * time;
            name = name.Length == 0 ? Word(algorithm) : $"{name} + {Word(algorithm)}";
            if ((kind != CollectiveOperation.AllToAll && most != fewest) || (level > 0 && Links[level].Shape != FabricShape.Switch && !spread[level].IsFacing))
            {
                Link inner = Reached(level - 1, left, 2);
                seconds += (kind is CollectiveOperation.AllReduce or CollectiveOperation.AllToAll ? 2 : 1) * new GroupOnLevel(inner, 2, 1).Pair(1).Seconds(inner, left);
            }
        }

        return new CollectiveTime(seconds, name);
    }

    /// <summary>All at once over the outermost level, where that is a switch to which every chip has a way: quick for few bytes, however the ranks lie.</summary>
    private CollectiveTime Flat(CollectiveOperation kind, double bytes, RankGroup group, GroupSpread[] spread)
    {
        int last = Outermost(spread);
        CollectiveTime best = new(double.PositiveInfinity, string.Empty);
        if (Links[last].Shape == FabricShape.Switch && spread[last].Parts < group.Ranks)
        {
            foreach (CollectiveAlgorithm algorithm in kind == CollectiveOperation.AllToAll ? s_mesh : _known)
            {
                // A ring through all levels is Ring's.
                double seconds = algorithm == CollectiveAlgorithm.Ring ? double.PositiveInfinity : LevelCost.Seconds(kind, algorithm, Reached(last, bytes, group.Ranks), group.Ranks, bytes);
                best = seconds < best.Seconds ? new CollectiveTime(seconds, $"flat {Word(algorithm)}") : best;
            }
        }

        return best;
    }

    /// <summary>
    /// As many rings as the emptiest domain has ways out, each leaving it by another chip, and a step of all of them at once: a chip sends on each
    /// level the share of the bytes that its rings take there, and is done when the slowest has arrived. (Through an odd number of domains that are
    /// joined by links between chips of one address, a ring closes with a hop within a domain, which is not counted.)
    /// </summary>
    private double Ring(CollectiveOperation kind, double bytes, RankGroup group, GroupSpread[] spread)
    {
        double part = bytes / group.Ranks;
        int steps = (kind == CollectiveOperation.AllReduce ? 2 : 1) * (group.Ranks - 1);
        double step = 0;
        double left = 1;
        for (int level = 0; level < Links.Count; level++)
        {
            (int most, int fewest, int parts, int domains, bool isFacing) = spread[level];
            if (parts == 1)
            {
                continue;
            }

            if (step > 0 && left == 1)
            {
                return OneRing(part, steps, group, spread);
            }

            // What goes on out of this level's domain is not carried on the level; in a domain fuller than others some have no way out, and carry all.
            double beyond = domains > 1 ? 1.0 / fewest : 0;
            Link link = Reached(level, bytes, group.Ranks);
            int stride = StrideOn(level, group);
            step = Math.Max(step, new GroupOnLevel(link, parts, stride).Ring(steps).Seconds(link, (left - (fewest == most ? beyond : 0)) * part));
            int few = (int)((long)fewest * parts / most);
            if (fewest < most && few > 1)
            {
                step = Math.Max(step, new GroupOnLevel(link, few, stride).Ring(steps).Seconds(link, (left - beyond) * part));
            }

            if (level > 0 && link.Shape != FabricShape.Switch && !isFacing)
            {
                // To the one of the same address, and on from there.
                Link inner = Reached(level - 1, bytes, group.Ranks);
                step += new GroupOnLevel(inner, 2, 1).Pair(1).Seconds(inner, left * part);
            }

            left = 1.0 / fewest;
        }

        return steps * step;
    }

    /// <summary>One ring, where a domain has no more than one way out: the last chip waits for a chain of messages, most of them within domains.</summary>
    private double OneRing(double part, int steps, RankGroup group, GroupSpread[] spread)
    {
        double round = 0;
        (double shortest, double next) = (double.PositiveInfinity, double.PositiveInfinity);
        double port = 0;
        int domains = group.Ranks;
        for (int level = 0; level < Links.Count; level++)
        {
            int outside = spread[level].Domains == 1 ? 0 : spread[level].Domains;
            if (domains > outside)
            {
                Link link = Reached(level, part * group.Ranks, group.Ranks);
                double message = new GroupOnLevel(link, 2, 1).Pair(1).Seconds(link, part);
                round += (domains - outside) * message;
                (shortest, next) = message < shortest ? (message, domains - outside > 1 ? message : shortest) : (shortest, Math.Min(next, message));
                port = Math.Max(port, link.LatencySeconds + (steps * (message - link.LatencySeconds)));
            }

            domains = outside;
        }

        // All but one or two, which lie behind each other: at best the quickest.
        int rounds = (steps + group.Ranks - 1) / group.Ranks;
        double spared = (rounds * (long)group.Ranks) - steps == 1 ? shortest : shortest + next;
        return Math.Max(port, (rounds * round) - spared);
    }

    /// <summary>The last level on which ranks are apart.</summary>
    private static int Outermost(GroupSpread[] spread) => Math.Max(0, Array.FindLastIndex(spread, s => s.Parts > 1));

    private static string Word(CollectiveAlgorithm algorithm) => algorithm switch
    {
        CollectiveAlgorithm.HalvingDoubling => "halving-doubling",
        _ => algorithm.ToString().ToLowerInvariant(),
    };
}
