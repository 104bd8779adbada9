using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Data;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>Invariant 1: the result depends on spec, data and seed alone.</summary>
public sealed class SameBitsTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 1)]
    [InlineData(2, 3)]
    public async Task The_number_of_compute_threads_changes_no_bit(int chips, int ultraServers)
    {
        RunSpec spec = TestSilo.TinySpec(chips, ultraServers, batch: 30);
        HashSet<string> digests = [];
        foreach (int threads in new[] { 1, 2, 3, 2 })
        {
            await using TestSilo silo = await TestSilo.StartAsync(threads);
            digests.Add(TestSilo.End(await silo.TrainAsync(spec)).Digest);
        }

        Assert.Single(digests);
    }

    [Fact]
    public async Task Every_layout_of_the_same_batch_has_the_same_losses_to_rounding()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        double[] one = TestSilo.Losses(await silo.TrainAsync(TestSilo.TinySpec(1), "1x1"));
        foreach ((int chips, int ultraServers) in new[] { (2, 1), (12, 1), (3, 2), (1, 4), (2, 6), (1, 12) })
        {
            double[] other = TestSilo.Losses(await silo.TrainAsync(TestSilo.TinySpec(chips, ultraServers), $"{ultraServers}x{chips}"));
            Assert.Equal(one.Length, other.Length);
            for (int i = 0; i < one.Length; i++)
            {
                Assert.Equal(one[i], other[i], 1e-4);
            }
        }
    }

    [Fact]
    public async Task Another_seed_is_another_run()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec();
        RunSpec other = spec with { Training = spec.Training with { Seed = 7 } };
        Assert.NotEqual(TestSilo.End(await silo.TrainAsync(spec, "a")).Digest, TestSilo.End(await silo.TrainAsync(other, "b")).Digest);
    }

    [Fact]
    public async Task Dropout_falls_alike_on_every_number_of_chips()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec(1) with { Data = new DataSpec { Source = "source", Order = SampleOrder.Sequential, ValidationFraction = 0.01 } };
        spec = spec with { Model = spec.Model with { Dropout = 0.3f } };
        double[] one = TestSilo.Losses(await silo.TrainAsync(spec, "one"));
        double[] six = TestSilo.Losses(await silo.TrainAsync(spec with { Cluster = new ClusterSpec { Chips = 3, UltraServers = 2 } }, "six"));
        Assert.Equal(one[0], six[0], 1e-6);
        Assert.Equal(one[^1], six[^1], 1e-4);
    }
}
