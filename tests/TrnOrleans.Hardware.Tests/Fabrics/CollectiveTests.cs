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

    /// <summary>Latency in µs and GB/s of a chip: what is known, and hops that take no time.</summary>
    private static readonly (double Latency, double Bandwidth)[] s_speeds = [(1.5, 256), (10, 25), (0, 1)];

    [Theory]
    [InlineData(FabricShape.Switch, 64, false)]
    [InlineData(FabricShape.Torus, 16, true)]
    [InlineData(FabricShape.Torus, 64, false)]
    [InlineData(FabricShape.Ring, 4, true)]
    [InlineData(FabricShape.Ring, 16, false)]
    public void Closed_forms_are_what_messages_take(FabricShape shape, int chips, bool isKnown)
    {
        // Groups between each other's chips, and all to all, in tori larger than those that there are: links wait for messages that others hold up.
        List<string> wrong = [];
        foreach ((int ranks, int stride) in Groups(chips, isKnown ? chips : 1))
        {
            foreach ((double latency, double bandwidth) in s_speeds)
            {
                Fabric fabric = OneLevel(shape, chips, latency, bandwidth);
                PlayedCollective played = new(fabric, new RankGroup(ranks, stride));
                foreach (double bytes in new[] { 64.0, 1e6, 1e8 })
                {
                    foreach (CollectiveOperation kind in s_kinds[..(isKnown || shape == FabricShape.Switch ? 4 : 3)])
                    {
                        foreach ((CollectiveAlgorithm algorithm, string word) in s_words)
                        {
                            double seconds = LevelCost.Seconds(kind, algorithm, fabric.Links[0], ranks, bytes, stride);
                            if (double.IsFinite(seconds))
                            {
                                double messages = played.Seconds(kind, word, bytes);
                                if (Math.Abs((seconds / messages) - 1) >= 0.01)
                                {
                                    wrong.Add($"{word} {kind} of {ranks} ranks {stride} apart, {bytes} bytes, {latency} us, {bandwidth} GB/s: {seconds}, messages {messages}, {seconds / messages:F3}");
                                }
                            }
                        }
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join("\n", wrong.Take(400))}");
    }

    /// <summary>
    /// What is chosen on every fabric that is known, for every group of neighbours up to 64, played through link by link. In a group that leaves
    /// some domains emptier than others, some chips wait less than the model lets all of them wait.
    /// </summary>
    [Fact]
    public void What_is_chosen_on_a_known_fabric_takes_as_long_as_its_messages()
    {
        List<string> wrong = [];
        Dictionary<string, int> names = [];
        foreach ((string name, string reading) in s_fabrics)
        {
            MachineSystem system = Catalogue.BuiltIn.System(name);
            foreach ((int ranks, int stride) in Groups(64, 1).Concat(Groups(system.ChipCount, 64).Where(g => g.Stride > 1 && g.Ranks <= 64)))
            {
                Fabric fabric = new(system, reading, ((ranks * stride) + system.ChipCount - 1) / system.ChipCount);
                if (fabric.Links.Any(link => link.Chips % stride != 0 && stride % link.Chips != 0))
                {
                    // Domains that have now more, now fewer of a group's chips: the model counts as if all had as many.
                    continue;
                }

                RankGroup group = new(ranks, stride);
                PlayedCollective played = new(fabric, group);
                foreach (double bytes in new[] { 1e3, 1e6, 1e9 })
                {
                    foreach (CollectiveOperation kind in int.IsPow2(ranks) ? s_kinds : [CollectiveOperation.AllReduce])
                    {
                        CollectiveTime time = fabric.Time(kind, bytes, group);
                        if (!played.CanPlay(time.Name))
                        {
                            continue;
                        }

                        double messages = played.Seconds(kind, time.Name, bytes);
                        names[time.Name] = names.GetValueOrDefault(time.Name) + 1;
                        if (Math.Abs((time.Seconds / messages) - 1) >= (played.FillsDomains ? 0.01 : 0.12))
                        {
                            wrong.Add($"{name} {reading}: {time.Name} {kind} of {ranks} ranks {stride} apart, {bytes} bytes: {time.Seconds}, messages {messages}, {time.Seconds / messages:F3}");
                        }
                    }
                }
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong:\n{string.Join("\n", wrong.Take(400))} {string.Join(", ", names)}");
    }

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
                yield return (ranks, stride);
            }
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
