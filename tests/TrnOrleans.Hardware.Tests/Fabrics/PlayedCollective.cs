using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Machines;

namespace TrnOrleans.Hardware.Tests.Fabrics;

/// <summary>Collectives as lists of messages, step by step, for the simulator; all groups that lie between each other at once.</summary>
internal sealed class PlayedCollective(Fabric fabric, RankGroup group, int first = 0)
{
    private readonly WiredMachine _machine = new(fabric.Links, fabric.Links[^1].Chips);

    /// <summary>Levels on which chips of the group meet.</summary>
    internal int[] Levels { get; } = [.. Enumerable.Range(0, fabric.Links.Count).Where(level => Chips(group, first)
        .GroupBy(chip => chip / fabric.Links[level].Chips).Any(domain => domain.DistinctBy(chip => chip / Inside(fabric, level)).Count() > 1))];

    /// <summary>
    /// Whether the messages of what a fabric chose are known: by level where every domain has as many chips, and those that links join have one
    /// address; a ring over switches, or through an even number of like domains on the last level.
    /// </summary>
    internal bool CanPlay(string name) => name.StartsWith("flat ", StringComparison.Ordinal) ? true
        : IsByLevel(name) ? FillsDomains && Levels.Where(level => _machine.Shape(level) != FabricShape.Switch).All(IsFacing)
        : Levels[1..].All(level => _machine.Shape(level) == FabricShape.Switch)
        || (Levels[1..^1].All(level => _machine.Shape(level) == FabricShape.Switch) && FillsDomains && IsFacing(Levels[^1])
            && Chips(group, first).DistinctBy(chip => chip / Inside(fabric, Levels[^1])).Count() % 2 == 0);

    private bool IsFacing(int level) => Chips(group, first).GroupBy(chip => chip / Inside(fabric, level))
        .DistinctBy(domain => string.Join(' ', domain.Select(chip => chip % Inside(fabric, level)))).Count() == 1;

    /// <summary>Whether every domain that has chips of the group has as many.</summary>
    internal bool FillsDomains { get; } = fabric.Links.All(link => Chips(group, first).CountBy(chip => chip / link.Chips).DistinctBy(domain => domain.Value).Count() == 1);

    private static IEnumerable<int> Chips(RankGroup group, int first) => Enumerable.Range(0, group.Ranks).Select(rank => first + (rank * group.Stride));

    private static int Inside(Fabric fabric, int level) => level == 0 ? 1 : fabric.Links[level - 1].Chips;

    private bool IsByLevel(string name) => !name.StartsWith("flat ", StringComparison.Ordinal) && name.Split(" + ").Length == Levels.Length;

    /// <summary>Seconds of what the fabric chose, by its name.</summary>
    internal double Seconds(CollectiveOperation kind, string name, double bytes)
    {
        return name == "send-receive" ? Play([Sends(bytes)])
            : name.StartsWith("flat ", StringComparison.Ordinal) ? Play(Steps(kind, name["flat ".Length..], Levels[^1], bytes, [.. Members()]))
            : IsByLevel(name) ? Phases(kind, name.Split(" + "), bytes)
            : Play(Repeat(RingOfAll(bytes / group.Ranks), Passes(kind) * (group.Ranks - 1)));
    }

    /// <summary>Everybody to the next, on the level where those meet that are farthest apart; the last to nobody.</summary>
    private IEnumerable<Message> Sends(double bytes)
    {
        int level = Meeting(0, (group.Ranks - 1) * group.Stride);
        return Members().SelectMany(chips => chips.Zip(chips[1..])).Where(pair => Meeting(pair.First, pair.Second) == level)
            .SelectMany(pair => _machine.Send(level, pair.First, pair.Second, bytes, (true, true)));
    }

    /// <summary>One level after the other, and back for an all-reduce.</summary>
    private double Phases(CollectiveOperation kind, string[] words, double bytes)
    {
        List<IEnumerable<Message>> there = [];
        List<IEnumerable<Message>> back = [];
        double left = bytes;
        for (int i = 0; i < words.Length; i++)
        {
            bool isLast = i == words.Length - 1;
            CollectiveOperation here = kind == CollectiveOperation.AllReduce && !isLast ? CollectiveOperation.ReduceScatter : kind;
            int ranks = Groups(Levels[i]).First().Length;
            there.AddRange(Steps(here, words[i], Levels[i], left, [.. Groups(Levels[i])]));
            if (here != kind)
            {
                back.InsertRange(0, Steps(CollectiveOperation.AllGather, words[i], Levels[i], left, [.. Groups(Levels[i])]));
            }

            left /= kind == CollectiveOperation.AllToAll ? 1 : ranks;
        }

        // Parts are gathered from the outside in.
        return kind == CollectiveOperation.AllGather ? Play(Enumerable.Reverse(there)) : Play([.. there, .. back]);
    }

    private double Play(IEnumerable<IEnumerable<Message>> steps) => _machine.Simulator().Play(steps);

    private static IEnumerable<IEnumerable<Message>> Repeat(IEnumerable<Message> step, int times)
    {
        Message[] once = [.. step];
        return Enumerable.Repeat(once, times);
    }

    private static int Passes(CollectiveOperation kind) => kind == CollectiveOperation.AllReduce ? 2 : 1;

    /// <summary>Steps of an algorithm on one level.</summary>
    private IEnumerable<IEnumerable<Message>> Steps(CollectiveOperation kind, string word, int level, double bytes, int[][] groups)
    {
        int ranks = groups[0].Length;
        double part = bytes / ranks;
        (bool Row, bool Column) round = _machine.IsSwitched(level) ? default : IsRound(level, groups[0]);
        switch (word)
        {
            case "ring":
                return Repeat(groups.SelectMany(g => Rings(level, g, part)), Passes(kind) * (ranks - 1));
            case "mesh":
                return Enumerable.Range(0, Passes(kind)).SelectMany(pass => Mesh(level, groups, part, kind, isScatter: kind == CollectiveOperation.ReduceScatter || (Passes(kind) == 2 && pass == 0)));
            case "halving-doubling":
                IEnumerable<int> halving = Distances(ranks).Reverse();
                IEnumerable<int> distances = kind switch
                {
                    CollectiveOperation.ReduceScatter => halving,
                    CollectiveOperation.AllGather => Distances(ranks),
                    _ => halving.Concat(Distances(ranks)),
                };
                return distances.Select(d => groups.SelectMany(g => g.SelectMany((chip, r) => _machine.Send(level, chip, g[r ^ d], part * d, round))));
            case "tree":
                return Distances(ranks).Select(d => (d, true)).Concat(Distances(ranks).Reverse().Select(d => (d, false))).Select(turn => groups.SelectMany(g =>
                    Enumerable.Range(0, ranks).Where(r => r % (2 * turn.d) == turn.d).SelectMany(r => turn.Item2
                        ? _machine.Send(level, g[r], g[r - turn.d], bytes, round)
                        : _machine.Send(level, g[r - turn.d], g[r], bytes, round))));
            default:
                throw new InvalidOperationException(word);
        }
    }

    /// <summary>
    /// Everybody to everybody: through a switch each begins with another, so that nobody is sent two things at once; in a torus half of it along the
    /// rows and then the columns, the other half the other way.
    /// </summary>
    private IEnumerable<IEnumerable<Message>> Mesh(int level, int[][] groups, double part, CollectiveOperation kind, bool isScatter)
    {
        int width = _machine.Width(level);
        int[][][] rows = [.. groups.Select(g => g.GroupBy(chip => Place(level, chip) / width).Select(r => r.ToArray()).ToArray())];
        int[][][] columns = [.. groups.Select(g => g.GroupBy(chip => Place(level, chip) % width).Select(r => r.ToArray()).ToArray())];
        (int inRow, int inColumn) = (rows[0].Max(r => r.Length), columns[0].Max(c => c.Length));
        if (_machine.IsSwitched(level) || inRow == 1 || inColumn == 1)
        {
            return [Everybody(groups, part)];
        }

        // Along the first axis what is each chip's own, along the second all that it has been given.
        bool isToAll = kind == CollectiveOperation.AllToAll;
        IEnumerable<Message> first = Everybody(rows.SelectMany(g => g), part / 2 * (isToAll ? inColumn : 1)).Concat(Everybody(columns.SelectMany(g => g), part / 2 * (isToAll ? inRow : 1)));
        IEnumerable<Message> second = Everybody(columns.SelectMany(g => g), part / 2 * inRow).Concat(Everybody(rows.SelectMany(g => g), part / 2 * inColumn));
        return isScatter ? [second, first] : [first, second];

        IEnumerable<Message> Everybody(IEnumerable<int[]> all, double bytes) => all.SelectMany(g => Enumerable.Range(1, g.Length - 1).SelectMany(d =>
                g.SelectMany((chip, r) => _machine.Send(level, chip, g[(r + d) % g.Length], bytes, _machine.IsSwitched(level) ? default : IsRound(level, groups[0])))))
            .OrderByDescending(m => m.Path.Length);
    }

    private int Place(int level, int chip) => chip / _machine.Inside(level) % fabric.Links[level].Places;

    private static IEnumerable<int> Distances(int ranks) => Enumerable.Range(0, int.Log2(ranks)).Select(bit => 1 << bit);

    /// <summary>Chips that go through a level together: of each domain inside the one with the same place.</summary>
    private IEnumerable<int[]> Groups(int level)
    {
        int inside = _machine.Inside(level);
        foreach (int[] members in Members())
        {
            // Alone in its domain, a chip has nobody beside it: then one group is all.
            bool isAlone = members.DistinctBy(chip => chip / inside).Count() == members.Length;
            foreach (IGrouping<(int Domain, int Place), int> together in members.GroupBy(chip => (chip / fabric.Links[level].Chips, isAlone ? 0 : chip % inside)))
            {
                yield return [.. together];
            }
        }
    }

    /// <summary>The first group, and those between its chips where they share its links.</summary>
    private IEnumerable<int[]> Members() =>
        Enumerable.Range(0, Levels.All(_machine.IsSwitched) ? 1 : group.Stride).Select(offset => Enumerable.Range(0, group.Ranks).Select(rank => first + offset + (rank * group.Stride)).ToArray());

    /// <summary>A step of the rings through some chips of a level that use what links there are.</summary>
    private IEnumerable<Message> Rings(int level, int[] chips, double part)
    {
        if (Line(level, chips) is { } line)
        {
            int[] folded = Folded(line);
            return folded.Select((from, i) => _machine.Along(level, Between(line, from, folded[(i + 1) % folded.Length]), part));
        }

        int[][] orders = Orders(level, chips);
        (bool Row, bool Column) round = IsRound(level, chips);
        return orders.SelectMany(order => order.SelectMany((chip, i) => _machine.Send(level, chip, order[(i + 1) % order.Length], part / orders.Length, round)));
    }

    /// <summary>Every second chip on the way out, the others on the way back.</summary>
    private static int[] Folded(int[] line) => [.. line.Where((_, i) => i % 2 == 0), .. line.Where((_, i) => i % 2 == 1).Reverse()];

    /// <summary>Two chips of a line and those that a message goes over.</summary>
    private static int[] Between(int[] line, int from, int to)
    {
        (int first, int last) = (Array.IndexOf(line, from), Array.IndexOf(line, to));
        return first < last ? line[first..(last + 1)] : [.. line[last..(first + 1)].Reverse()];
    }

    private Dictionary<int, int> Places(int level, int[] chips) => chips.ToDictionary(chip => Place(level, chip));

    /// <summary>Whether chips have whole rows, and whole columns, or as much of them as those between leave them.</summary>
    private (bool Row, bool Column) IsRound(int level, int[] chips)
    {
        int[] places = [.. Places(level, chips).Keys];
        int width = _machine.Width(level);
        return (Fills([.. places.Select(p => p % width).Distinct().Order()], width), Fills([.. places.Select(p => p / width).Distinct().Order()], fabric.Links[level].Places / width));

        static bool Fills(int[] at, int length) => at.Length > 1 && (at[1] - at[0]) * at.Length == length;
    }

    /// <summary>Chips that make no ring, in an order in which each lies next to the one before; null if they do.</summary>
    private int[]? Line(int level, int[] chips)
    {
        if (_machine.IsSwitched(level) || chips.Length == 2)
        {
            return null;
        }

        Dictionary<int, int> at = Places(level, chips);
        int width = _machine.Width(level);
        int columns = at.Keys.Select(p => p % width).Distinct().Count();
        int[] rows = [.. at.Keys.Select(p => p / width).Distinct().Order()];
        (bool row, bool column) = IsRound(level, chips);
        if (columns * rows.Length != chips.Length)
        {
            if (Ragged(at, rows, width) is not null)
            {
                return null;
            }

            // From the ragged end: along its row to where it has a neighbour in the one before, and so on, to and fro.
            return [.. at.Keys.OrderBy(p => -(p / width)).ThenBy(p => (rows[^1] - (p / width)) % 2 == 0 ? -p : p).Select(p => at[p])];
        }

        return (rows.Length == 1 && !row) || (columns == 1 && !column) ? chips : null;
    }

    /// <summary>Rings through chips of one level.</summary>
    private int[][] Orders(int level, int[] chips)
    {
        if (_machine.IsSwitched(level) || chips.Length == 2)
        {
            return [chips];
        }

        Dictionary<int, int> at = Places(level, chips);
        int width = _machine.Width(level);
        int places = fabric.Links[level].Places;
        if (Line(level, chips) is { } line)
        {
            return BothWays(Folded(line));
        }

        int[] columns = [.. at.Keys.Select(p => p % width).Distinct().Order()];
        int[] rows = [.. at.Keys.Select(p => p / width).Distinct().Order()];
        if (Ragged(at, rows, width) is { } ragged)
        {
            return BothWays(ragged);
        }

        if (columns.Length == 1 || rows.Length == 1)
        {
            return BothWays(chips);
        }

        if (chips.Length == places && columns.Length == rows.Length)
        {
            // Two rings without a common link: rows all but one link, then a row down; and the same with columns.
            int[] first = [.. Enumerable.Range(0, places).Select(i => at[(i / width * width) + (((i % width) - (i / width) + width) % width)])];
            int[] second = [.. Enumerable.Range(0, places).Select(i => at[((((i % width) - (i / width) + width) % width) * width) + (i / width)])];
            return [.. BothWays(first), .. BothWays(second)];
        }

        // Up and down the columns but for the first row, which is the way back; by columns where only some are there.
        return columns.Length < width
            ? BothWays([.. columns.SelectMany((x, i) => (i % 2 == 0 ? rows : rows.Reverse()).Select(y => at[(y * width) + x]))])
            : BothWays([.. columns.SelectMany((x, i) => (i % 2 == 0 ? rows.Skip(1) : rows.Skip(1).Reverse()).Select(y => at[(y * width) + x])), .. columns.Reverse().Select(x => at[(rows[0] * width) + x])]);
    }

    /// <summary>
    /// A ring through whole rows and a last one that is not: through the whole ones, whose last row is gone along in one go, and down from it to two
    /// neighbours at a time. Null where there are no such rows, or their numbers do not come out even.
    /// </summary>
    private static int[]? Ragged(Dictionary<int, int> at, int[] rows, int width)
    {
        int rest = at.Count % width;
        if (rest == 0 || rest % 2 == 1 || rows.Length < 2 || rows.Length != (at.Count / width) + 1 || at.Count % 2 == 1 || (rows.Length > 2 && width % 2 == 1))
        {
            return null;
        }

        int edge = rows[^2];
        IEnumerable<int> along = Enumerable.Range(0, width).SelectMany(x => x >= rest ? [At(x, edge)]
            : x % 2 == 0 ? new[] { At(x, edge), At(x, edge + 1) } : [At(x, edge + 1), At(x, edge)]);
        IEnumerable<int> back = rows.Length == 2 ? []
            : Enumerable.Range(0, width).Reverse().SelectMany((x, i) => (i % 2 == 0 ? rows[..^2].Reverse() : rows[..^2]).Select(y => At(x, y)));
        return [.. along, .. back];

        int At(int x, int y) => at[(y * width) + x];
    }

    private static int[][] BothWays(int[] order) => [order, [.. order.Reverse()]];

    /// <summary>
    /// A step of the rings through all levels: as many as the smallest domain has chips, each leaving every domain by another. From a domain to the
    /// next one they go over a link of the outer level, and where that joins only chips of one address, every second domain is gone through backwards.
    /// </summary>
    private List<Message> RingOfAll(double part)
    {
        int outer = Levels[^1];
        List<Message> step = [];
        foreach (int[] members in Members())
        {
            int[][] domains = [.. members.GroupBy(chip => chip / _machine.Inside(outer)).Select(g => g.ToArray())];
            int ways = domains.Min(d => d.Length);
            bool isMirrored = _machine.Shape(outer) != FabricShape.Switch;
            List<int[]> rings = [];
            // All chips send to another domain in the same order, so that nobody is sent two things at once.
            int variants = ways == 1 ? 1 : Variants(outer - 1, domains[0]);
            for (int variant = 0; variant < variants; variant++)
            {
                for (int exit = 0; exit < ways; exit++)
                {
                    int[][] parts = [.. domains.Select((d, i) => isMirrored && i % 2 == 1
                        ? [.. Through(outer - 1, domains[i - 1], exit, ways, variant).Reverse().Select(chip => chip + (d[0] - domains[i - 1][0]))]
                        : Through(outer - 1, d, exit, ways, variant))];
                    rings.Add([.. parts.SelectMany(p => p)]);
                }
            }

            // And back, where a ring one way round leaves half of the links without work.
            if (ways > 1 && Levels.Any(level => !_machine.IsSwitched(level)))
            {
                rings.AddRange([.. rings.Select(ring => ring.Reverse().ToArray())]);
            }

            step.AddRange(rings.SelectMany(ring => ring.SelectMany((chip, i) =>
            {
                int next = ring[(i + 1) % ring.Length];
                int level = Meeting(chip, next);
                int[] together = [.. members.Where(other => Meeting(chip, other) <= level && Meeting(other, next) <= level && (level == 0 || other % _machine.Inside(level) == chip % _machine.Inside(level)))];
                return Line(level, together) is { } line
                    ? [_machine.Along(level, Between(line, chip, next), part / rings.Count)]
                    : _machine.Send(level, chip, next, part / rings.Count, IsRound(level, together));
            })));
        }

        return step;
    }

    /// <summary>Orders in which the innermost domain can be gone through.</summary>
    private int Variants(int level, int[] domain)
    {
        int[] inner = [.. domain.GroupBy(chip => chip / fabric.Links[Levels[0]].Chips).First()];
        return level < 0 || inner.Length < 2 ? 1 : Math.Max(1, Orders(Levels[0], inner).Length / 2);
    }

    /// <summary>The chips of a domain in an order that ends with a given one.</summary>
    private int[] Through(int level, int[] domain, int exit, int ways, int variant)
    {
        if (domain.Length == 1)
        {
            return domain;
        }

        int[][] inside = level == 0 ? [] : [.. domain.GroupBy(chip => chip / _machine.Inside(level)).Select(g => g.ToArray())];
        if (inside.Length == 0 || inside.All(d => d.Length == 1))
        {
            int[][] orders = [.. Orders(level, domain).Where((_, i) => i % 2 == 0)];
            int[] order = orders[variant % orders.Length];
            int end = Array.IndexOf(order, domain[exit]);
            order = [.. order[(end + 1)..], .. order[..(end + 1)]];

            // Who has no way out is no way in either.
            int begin = Array.FindIndex(order, chip => Array.IndexOf(domain, chip) < ways);
            return _machine.IsSwitched(level) ? [.. order[begin..^1], .. order[..begin], order[^1]] : order;
        }

        if (inside.Length == 1)
        {
            return Through(level - 1, domain, exit, ways, variant);
        }

        int last = Array.FindIndex(inside, d => d.Contains(domain[exit]));
        return
        [
            .. Enumerable.Range(1, inside.Length).Select(i => inside[(last + i) % inside.Length])
                .SelectMany(d => Through(level - 1, d, exit % d.Length, d.Length, variant)),
        ];
    }

    private int Meeting(int from, int to) => Enumerable.Range(0, fabric.Links.Count).First(level => from / fabric.Links[level].Chips == to / fabric.Links[level].Chips);
}
