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

    [Fact]
    public void Closed_forms_are_what_messages_take()
    {
        foreach ((double latency, double bandwidth) in new[] { (1e-6, 256e9), (10e-6, 128e9), (15e-6, 25e9), (0, 1e9) })
        {
            Link link = new("test", 64, FabricShape.Switch, bandwidth, latency);
            foreach (int ranks in Enumerable.Range(2, 63))
            {
                foreach (double bytes in new[] { 64.0, 1e5, 1e8 })
                {
                    foreach (CollectiveOperation kind in new[] { CollectiveOperation.AllReduce, CollectiveOperation.ReduceScatter, CollectiveOperation.AllGather })
                    {
                        Check(CollectiveAlgorithm.Ring, Ring);
                        Check(CollectiveAlgorithm.Mesh, Mesh);
                        if (int.IsPow2(ranks))
                        {
                            Check(CollectiveAlgorithm.HalvingDoubling, Halving);
                        }

                        void Check(CollectiveAlgorithm algorithm, Action<MessageSimulator, int, double, CollectiveOperation> play)
                        {
                            MessageSimulator simulator = new(ranks, latency, bandwidth);
                            play(simulator, ranks, bytes, kind);
                            double seconds = LevelCost.Seconds(kind, algorithm, link, ranks, bytes);
                            Assert.True(Math.Abs((seconds / simulator.Seconds) - 1) < 0.01, $"{algorithm} {kind} {ranks} ranks, {bytes} bytes: {seconds}, and messages take {simulator.Seconds}");
                        }
                    }

                    if (int.IsPow2(ranks))
                    {
                        MessageSimulator tree = new(ranks, latency, bandwidth);
                        Tree(tree, ranks, bytes);
                        Assert.Equal(1, LevelCost.Seconds(CollectiveOperation.AllReduce, CollectiveAlgorithm.Tree, link, ranks, bytes) / tree.Seconds, 0.01);
                    }
                }
            }
        }
    }

    /// <summary>Level by level on every fabric that is known: each phase played through by itself.</summary>
    [Fact]
    public void A_hierarchy_is_its_phases_one_after_the_other()
    {
        foreach ((string name, string reading) in s_fabrics)
        {
            MachineSystem system = Catalogue.BuiltIn.System(name);
            Fabric fabric = new(system, reading, 4);
            foreach (int ranks in new[] { 2, 4, system.ChipCount, 2 * system.ChipCount, 4 * system.ChipCount })
            {
                foreach (double bytes in new[] { 1e3, 1e6, 1e9 })
                {
                    RankGroup group = new(ranks, 1);
                    double phases = 0;
                    double left = bytes;
                    int last = Enumerable.Range(0, fabric.Links.Count).Last(l => fabric.RanksOn(l, group) > 1);
                    for (int level = 0; level <= last; level++)
                    {
                        int here = fabric.RanksOn(level, group);
                        if (here > 1)
                        {
                            CollectiveOperation phase = level == last ? CollectiveOperation.AllReduce : CollectiveOperation.ReduceScatter;
                            double best = Enum.GetValues<CollectiveAlgorithm>().Min(a => LevelCost.Seconds(phase, a, fabric.Links[level], here, left));
                            phases += level == last ? best : 2 * best;
                            left /= here;
                        }
                    }

                    CollectiveTime time = fabric.Time(CollectiveOperation.AllReduce, bytes, group);
                    Assert.True(time.Name == "ring" ? time.Seconds <= phases : Math.Abs((time.Seconds / phases) - 1) < 1e-9, $"{name} {reading}, {ranks} ranks, {bytes} bytes: {time} against {phases}");
                }
            }
        }
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

    private static void Ring(MessageSimulator s, int ranks, double bytes, CollectiveOperation kind)
    {
        for (int step = 0; step < (kind == CollectiveOperation.AllReduce ? 2 : 1) * (ranks - 1); step++)
        {
            s.Step(Enumerable.Range(0, ranks).Select(r => (r, (r + 1) % ranks, bytes / ranks)));
        }
    }

    private static void Mesh(MessageSimulator s, int ranks, double bytes, CollectiveOperation kind)
    {
        for (int pass = 0; pass < (kind == CollectiveOperation.AllReduce ? 2 : 1); pass++)
        {
            // Everybody begins with another partner, so that nobody is sent two things at once.
            s.Step(Enumerable.Range(1, ranks - 1).SelectMany(d => Enumerable.Range(0, ranks).Select(r => (r, (r + d) % ranks, bytes / ranks))));
        }
    }

    private static void Halving(MessageSimulator s, int ranks, double bytes, CollectiveOperation kind)
    {
        for (int distance = ranks / 2; kind != CollectiveOperation.AllGather && distance >= 1; distance /= 2)
        {
            s.Step(Enumerable.Range(0, ranks).Select(r => (r, r ^ distance, bytes / ranks * distance)));
        }

        for (int distance = 1; kind != CollectiveOperation.ReduceScatter && distance < ranks; distance *= 2)
        {
            s.Step(Enumerable.Range(0, ranks).Select(r => (r, r ^ distance, bytes / ranks * distance)));
        }
    }

    private static void Tree(MessageSimulator s, int ranks, double bytes)
    {
        for (int distance = 1; distance < ranks; distance *= 2)
        {
            s.Step(Enumerable.Range(0, ranks).Where(r => r % (2 * distance) == distance).Select(r => (r, r - distance, bytes)));
        }

        for (int distance = ranks / 2; distance >= 1; distance /= 2)
        {
            s.Step(Enumerable.Range(0, ranks).Where(r => r % (2 * distance) == distance).Select(r => (r - distance, r, bytes)));
        }
    }
}
