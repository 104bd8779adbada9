using CsCheck;
using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Tests.Fabrics;

/// <summary>Closed forms of collectives against a simulator of messages, and against what no algorithm can beat.</summary>
public sealed class CollectiveTests
{
    private static readonly (string System, string Fabric)[] s_fabrics =
        [.. Catalogue.BuiltIn.Systems.SelectMany(s => s.Fabrics.Keys.Select(f => (s.Name, f)))];

    private static readonly CollectiveOperation[] s_kinds =
        [CollectiveOperation.AllReduce, CollectiveOperation.ReduceScatter, CollectiveOperation.AllGather, CollectiveOperation.AllToAll];

    /// <summary>Ranks, stride and first chip of groups that do not begin where a domain does.</summary>
    private static readonly (int Ranks, int Stride, int First)[] s_shifted = [(8, 1, 4), (16, 1, 2), (7, 1, 3), (24, 2, 6), (12, 3, 1), (5, 8, 2), (9, 1, 67)];

    /// <summary>Latency in µs and GB/s of a chip: what is known, and hops that take no time.</summary>
    private static readonly (double Latency, double Bandwidth)[] s_speeds = [(1.5, 256), (10, 25), (0, 1)];

    /// <summary>
    /// Every algorithm that there is for a shape. Of tori and rings that are larger than those that are known, neighbours only, and not everybody to
    /// everybody: there links wait for messages that others hold up, by some 10 % more than the closed forms say.
    /// </summary>
    [Theory]
    [InlineData(FabricShape.Switch, 64, true)]
    [InlineData(FabricShape.Torus, 16, true)]
    [InlineData(FabricShape.Torus, 6, true)]
    [InlineData(FabricShape.Torus, 12, true)]
    [InlineData(FabricShape.Torus, 64, false)]
    [InlineData(FabricShape.Ring, 3, true)]
    [InlineData(FabricShape.Ring, 4, true)]
    [InlineData(FabricShape.Ring, 5, true)]
    [InlineData(FabricShape.Ring, 16, false)]
    public void Closed_forms_are_what_messages_take(FabricShape shape, int chips, bool isKnown)
    {
        List<string> wrong = [];
        HashSet<(string Word, int Ranks)> played = [];
        int width = OneLevel(shape, chips, 1, 1).Links[0].Width;
        foreach ((int ranks, int stride) in Groups(chips, isKnown && shape != FabricShape.Switch ? chips : 1).Where(g => width % g.Stride == 0 || g.Stride % width == 0))
        {
            foreach ((double latency, double bandwidth) in s_speeds)
            {
                Fabric fabric = OneLevel(shape, chips, latency, bandwidth);
                PlayedCollective collective = new(fabric, new RankGroup(ranks, stride));
                foreach (double bytes in new[] { 64.0, 1e6, 1e8 })
                {
                    foreach (CollectiveOperation kind in s_kinds[..(isKnown ? 4 : 3)])
                    {
                        foreach ((CollectiveAlgorithm algorithm, string word) in s_words)
                        {
                            double seconds = LevelCost.Seconds(kind, algorithm, fabric.Links[0], ranks, bytes, stride);

                            // A ragged block is counted as a whole one where everybody sends to everybody.
                            bool isRagged = shape == FabricShape.Torus && kind == CollectiveOperation.AllToAll && ranks > width && ranks % width != 0;
                            if (double.IsFinite(seconds) && !isRagged)
                            {
                                played.Add((word, ranks));
                                Compare(wrong, $"{word} {kind} of {ranks} ranks {stride} apart, {bytes} bytes, {latency} us, {bandwidth} GB/s", seconds, collective.Seconds(kind, word, bytes), 0.01);
                            }
                        }
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join("\n", wrong.Take(400))}");
        Assert.All(Enumerable.Range(2, chips - 1), ranks => Assert.Contains(("ring", ranks), played));
        Assert.Contains(("mesh", shape == FabricShape.Ring && chips == 16 ? 3 : chips == 64 && shape == FabricShape.Torus ? 3 : chips), played);
        if (int.IsPow2(chips) && (shape != FabricShape.Ring || chips < 16))
        {
            Assert.All(new[] { ("halving-doubling", chips), ("tree", chips) }, word => Assert.Contains(word, played));
        }
    }

    /// <summary>
    /// What is chosen on every fabric that is known, for groups of 2 to 64 chips: neighbours of any number, and groups of a layout that lie across
    /// one or several systems, played through link by link. Where domains have unequal parts of a group, chips do not keep step, and the bar is 20 %;
    /// rings over links that join chips of one address are not played where domains are unequal, or
    /// where they go on to a level further out.
    /// </summary>
    [Fact]
    public void What_is_chosen_on_a_known_fabric_takes_as_long_as_its_messages()
    {
        List<string> wrong = [];
        Dictionary<string, int> played = [];
        foreach ((string name, string reading) in s_fabrics)
        {
            MachineSystem system = Catalogue.BuiltIn.System(name);
            (int equal, int unequal) = (0, 0);
            bool isOne = system.Fabrics[reading].Count == 1;
            bool isSwitched = system.Fabrics[reading].All(level => level.Shape == FabricShape.Switch);
            (int, int, int)[] groups = [.. KnownGroups(system, reading).Select(g => (g.Ranks, g.Stride, 0)), .. system.Name.StartsWith("trn3", StringComparison.Ordinal) ? s_shifted : []];
            foreach ((int ranks, int stride, int first) in groups)
            {
                Fabric fabric = new(system, reading, (first + (ranks * stride) + system.ChipCount - 1) / system.ChipCount);
                RankGroup group = new(ranks, stride);
                PlayedCollective collective = new(fabric, group, first);
                foreach (double bytes in new[] { 1e3, 1e6, 1e9 })
                {
                    // Halves of an all-reduce are played where they can be halves of several algorithms.
                    foreach (CollectiveOperation kind in int.IsPow2(ranks) || stride > 1 ? s_kinds : [CollectiveOperation.AllReduce, CollectiveOperation.AllToAll])
                    {
                        CollectiveTime time = fabric.Time(kind, bytes, group, first);
                        if (!collective.CanPlay(time.Name))
                        {
                            continue;
                        }

                        played[time.Name] = played.GetValueOrDefault(time.Name) + 1;
                        (equal, unequal) = collective.FillsDomains ? (equal + 1, unequal) : (equal, unequal + 1);
                        Compare(wrong, $"{name} {reading}: {time.Name} {kind} of {ranks} ranks {stride} apart, {bytes} bytes", time.Seconds, collective.Seconds(kind, time.Name, bytes), collective.FillsDomains ? 0.01 : 0.2);
                    }
                }
            }

            Assert.True(equal > 100 && (unequal > 50 || isOne || !isSwitched), $"{name} {reading}: {equal} and {unequal} played");
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join("\n", wrong.Take(400))}");
        Assert.All(new[] { "mesh", "ring", "mesh + mesh", "ring + mesh", "halving-doubling", "flat mesh" }, word => Assert.True(played.GetValueOrDefault(word) > 10, $"{word}: {played.GetValueOrDefault(word)}"));
    }

    /// <summary>Everybody to the next of a row, all at once: stages of a pipeline, or keys that go round.</summary>
    [Fact]
    public void Sends_share_the_links_that_they_go_over()
    {
        List<string> wrong = [];
        foreach ((FabricShape shape, int chips) in new[] { (FabricShape.Switch, 16), (FabricShape.Torus, 16), (FabricShape.Torus, 64), (FabricShape.Ring, 4), (FabricShape.Ring, 16) })
        {
            Fabric fabric = OneLevel(shape, chips, 1.5, 256);
            int width = fabric.Links[0].Width;
            foreach ((int ranks, int stride) in Groups(chips, chips).Where(g => g.Stride % width == 0 || g.Ranks * g.Stride <= width))
            {
                foreach (double bytes in new[] { 64, 1e8 })
                {
                    RankGroup group = new(ranks, stride);
                    double seconds = fabric.Time(CollectiveOperation.SendReceive, bytes, group).Seconds;
                    Compare(wrong, $"{shape} {chips}: {ranks} ranks {stride} apart, {bytes} bytes", seconds, new PlayedCollective(fabric, group).Seconds(CollectiveOperation.SendReceive, "send-receive", bytes), 0.01);
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join("\n", wrong)}");
    }

    /// <summary>Sends of a layout: over each level on which some chip and the one that is a stride further on meet, and as slow as the slowest.</summary>
    [Fact]
    public void Sends_take_as_long_as_the_slowest_of_them() => Gen.Select(Choice.Of(s_fabrics), Gen.Int[1, 4], Gen.Int[2, 40], Gen.Int[1, 72]).Sample((machine, systems, ranks, stride) =>
    {
        MachineSystem system = Catalogue.BuiltIn.System(machine.System);
        Fabric fabric = new(system, machine.Fabric, systems);
        int chips = system.ChipCount * systems;
        RankGroup group = new(Math.Max(2, Math.Min(ranks, chips / stride)), Math.Min(stride, chips / 2));
        int span = group.Ranks * group.Stride;
        int[] levels = [.. Enumerable.Range(0, Math.Max(1, chips / span)).SelectMany(i => Enumerable.Range(i * span, span - group.Stride))
            .Select(chip => fabric.Links.Index().First(link => chip / link.Item.Chips == (chip + group.Stride) / link.Item.Chips).Index).Distinct().Order()];
        Assert.Equal(levels, fabric.SendLevels(group));
        double slowest = levels.Max(level => 1e8 / fabric.Links[level].BytesPerSecond);
        Assert.True(fabric.Time(CollectiveOperation.SendReceive, 1e8, group).Seconds >= slowest);
    }, iter: 2_000);

    /// <summary>The executed cluster's groups begin at the first chip: 64 chips of 144 lie in one rack, wherever others would.</summary>
    [Fact]
    public void A_group_that_begins_at_the_first_chip_pays_for_itself_only()
    {
        Fabric fabric = new(Catalogue.BuiltIn.System("trn3-gen2"), null, 1);
        double[] seconds = [.. new[] { 16, 32, 64, 72 }.Select(chips => fabric.Time(CollectiveOperation.AllReduce, 1e6, new RankGroup(chips, 1), first: 0).Seconds)];
        Assert.All(seconds, s => Assert.InRange(s, 0.5 * seconds[0], 2 * seconds[0]));
        Assert.InRange(fabric.Time(CollectiveOperation.AllReduce, 1e6, new RankGroup(18, 1), first: 0).Seconds, 0.5 * seconds[0], 2 * seconds[0]);
    }

    /// <summary>Groups that do not fit into domains: chip by chip, for all that lie behind each other.</summary>
    [Fact]
    public void A_group_is_as_slow_as_the_worst_that_lies_beside_it() => Gen.Select(
            Choice.Of(s_fabrics), Gen.Int[1, 6], Gen.Int[2, 40], Gen.Int[1, 40], Gen.Enum<CollectiveOperation>().Where(k => k != CollectiveOperation.SendReceive))
        .Sample((machine, systems, ranks, stride, kind) =>
        {
            MachineSystem system = Catalogue.BuiltIn.System(machine.System);
            Fabric fabric = new(system, machine.Fabric, systems);
            int chips = system.ChipCount * systems;
            RankGroup group = new(Math.Max(2, Math.Min(ranks, chips / stride)), Math.Min(stride, chips / 2));
            int span = group.Ranks * group.Stride;
            int[] firsts = [.. Enumerable.Range(0, Math.Max(1, chips / span)).SelectMany(i => new[] { i * span, (i * span) + group.Stride - 1 })];
            Assert.Equal(firsts.Max(first => fabric.Time(kind, 1e7, group, first).Seconds), fabric.Time(kind, 1e7, group).Seconds);
            for (int level = 0; level < fabric.Links.Count; level++)
            {
                int inside = level == 0 ? 1 : fabric.Links[level - 1].Chips;
                int parts = firsts.Max(first => Enumerable.Range(0, group.Ranks).Select(rank => first + (rank * group.Stride))
                    .GroupBy(chip => chip / fabric.Links[level].Chips).Max(domain => domain.DistinctBy(chip => chip / inside).Count()));
                Assert.Equal(parts, fabric.Spreads(group).Max(spread => spread[level].Parts));
            }
        }, iter: 3_000);

    /// <summary>Sixteen apart in racks of 72: four or five in each, and no domain with a single way out.</summary>
    [Fact]
    public void Strides_that_do_not_divide_a_domain_cost_no_more_than_their_neighbours()
    {
        double[] seconds = [.. Enumerable.Range(1, 9).Select(systems =>
            new Fabric(Catalogue.BuiltIn.System("trn3-gen2"), null, systems).Time(CollectiveOperation.AllReduce, 1e9, new RankGroup(9 * systems, 16)).Seconds)];
        Assert.All(seconds[1..], s => Assert.InRange(s / seconds[1], 0.8, 1.5));
    }

    [Theory]
    [InlineData(16, 4)]
    [InlineData(12, 3)]
    [InlineData(8, 2)]
    [InlineData(7, 1)]
    public void Tori_are_as_square_as_they_can_be(int chips, int rows) =>
        Assert.Equal(rows, chips / OneLevel(FabricShape.Torus, chips, 1, 1).Links[0].Width);

    [Fact]
    public void Nothing_is_quicker_than_its_bytes() => Gen.Select(
            Choice.Of(s_fabrics), Gen.Long[1, 50], Gen.Int[1, 4096], Choice.Of(1, 2, 4, 8, 16, 72, 144), Gen.Double[0, 12], Gen.Enum<CollectiveOperation>(), Gen.Bool)
        .Sample((machine, systems, ranks, stride, exponent, kind, real) =>
        {
            MachineSystem system = Catalogue.BuiltIn.System(machine.System);
            ranks = (int)Math.Min(ranks, Math.Max(1, system.ChipCount * systems / stride));
            Fabric fabric = new(system, machine.Fabric, systems, real ? Catalogue.BuiltIn.Stack(null, system.Chip) : null);
            double bytes = Math.Pow(10, exponent);
            RankGroup group = new(ranks, stride);
            double seconds = fabric.Time(kind, bytes, group).Seconds;
            return ranks == 1 || seconds >= fabric.Bound(kind, bytes, group) * (1 - 1e-9);
        }, iter: 20_000);

    [Fact]
    public void A_cluster_has_an_end() =>
        Assert.Contains("chips), not 7,635,497,415", Assert.Throws<InvalidDescriptionException>(() => new Fabric(Catalogue.BuiltIn.System("trn3-gen2"), null, (1L << 40) / 144)).Message, StringComparison.Ordinal);

    private static readonly (CollectiveAlgorithm Algorithm, string Word)[] s_words =
    [
        (CollectiveAlgorithm.Mesh, "mesh"), (CollectiveAlgorithm.Ring, "ring"), (CollectiveAlgorithm.HalvingDoubling, "halving-doubling"), (CollectiveAlgorithm.Tree, "tree"),
    ];

    /// <summary>Groups that fill a number of chips, or a part of them: of any size where they are neighbours, by powers of two where not.</summary>
    private static IEnumerable<(int Ranks, int Stride)> Groups(int chips, int mostStride)
    {
        for (int stride = 1; stride <= mostStride; stride *= 2)
        {
            for (int ranks = 2; ranks * stride <= chips; ranks += stride == 1 ? 1 : ranks)
            {
                if (chips % stride == 0)
                {
                    yield return (ranks, stride);
                }
            }
        }
    }

    /// <summary>
    /// Neighbours; and, with several domains, groups across them: strides that divide domains, and on switches, where groups are not in each other's
    /// way, some that do not.
    /// </summary>
    private static IEnumerable<(int Ranks, int Stride)> KnownGroups(MachineSystem system, string reading)
    {
        IReadOnlyList<FabricLevel> levels = system.Fabrics[reading];
        bool isSwitched = levels.All(level => level.Shape == FabricShape.Switch);
        IEnumerable<(int Ranks, int Stride)> across = Groups(system.ChipCount, system.ChipCount).Where(g => g.Stride > 1)
            .Concat(new[] { 2, 3, 4 }.SelectMany(systems => new[] { 4, 8, 16, 36, 72, 144 }.Where(stride => stride <= system.ChipCount).Select(stride => (systems * system.ChipCount / stride, stride))))
            .Concat(isSwitched ? new[] { (5, 3), (12, 6), (9, 16), (18, 16), (45, 16), (16, 12), (7, 24), (11, 5) } : []);
        return Groups(64, 1).Concat(across.Where(g => g.Ranks is > 1 and <= 64 && (isSwitched
            || levels.All(level => level.Chips % g.Stride == 0 || g.Stride % level.Chips == 0)))).Distinct();
    }

    /// <summary>Notes what is further from the messages than a share.</summary>
    private static void Compare(List<string> wrong, string what, double seconds, double messages, double share)
    {
        if (!(Math.Abs((seconds / messages) - 1) < share))
        {
            wrong.Add($"{what}: {seconds}, messages {messages}, {seconds / messages:F3}");
        }
    }

    private static Fabric OneLevel(FabricShape shape, int chips, double latency, double bandwidth)
    {
        static Figure Of(double value) => new(value, Standing.Assumed, "a test");
        FabricLevel level = new() { Name = "level", Chips = chips, Shape = shape, GigabytesPerSecond = Of(bandwidth), LatencyMicroseconds = Of(latency) };
        MachineSystem system = Catalogue.BuiltIn.System("trn2.48xl") with { Chips = Of(chips), Fabrics = new Dictionary<string, IReadOnlyList<FabricLevel>> { ["test"] = [level] } };
        return new Fabric(system, null, 1);
    }
}
