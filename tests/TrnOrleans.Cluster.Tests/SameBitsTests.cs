using System.Text.Json;

namespace TrnOrleans.Cluster.Tests;

/// <summary>Invariant 1 over real silo processes: the result does not depend on their number, nor on their coming and going.</summary>
public sealed class SameBitsTests
{
    [Theory]
    [InlineData(RedisUnderTest.Garnet)]
    [InlineData(RedisUnderTest.Redis)]
    public async Task One_two_and_three_silos_give_the_bits_of_one_process(string kind)
    {
        using TestCluster cluster = await TestCluster.StartAsync(0, kind);
        JsonElement alone = (await Trn.EventsAsync(Trn.Train(cluster.Text, 20, "--threads", "2")))[^1];
        for (int count = 1; count <= 3; count++)
        {
            await cluster.AddSiloAsync();
            JsonElement[] events = await Trn.EventsAsync(cluster.Train(20));
            Assert.Equal(Trn.Digest(alone), Trn.Digest(events[^1]));

            // The machine that is emulated is the same, however many carry it; and between UltraServers goes what goes, over however few wires.
            Assert.All(
                new[] { "counted", "modelled", "modelled_seconds", "modelled_energy_joules", "mfu" },
                name => Assert.Equal(alone.GetProperty(name).GetRawText(), events[^1].GetProperty(name).GetRawText()));
            Assert.Equal(alone.GetProperty("modelled").GetRawText(), alone.GetProperty("counted").GetRawText());
            Assert.Equal(count, events.Single(e => Trn.Kind(e) == "layout").GetProperty("silos").GetArrayLength());
            Assert.Equal(20, events.Count(e => Trn.Kind(e) == "step"));
            Assert.Equal(count * (count - 1), events[^1].GetProperty("links").GetArrayLength());
            Assert.Equal(0, events[^1].GetProperty("stale_messages").GetInt64());
        }
    }

    /// <summary>BF16 between chips, and weights and operands that are rounded by chance: the same dice everywhere, and half the bytes on the wires.</summary>
    [Fact]
    public async Task Other_formats_have_the_same_bits_on_any_silos_and_half_the_bytes_between_them()
    {
        string[] formats = ["--precision", "bf16SR"];
        using TestCluster cluster = await TestCluster.StartAsync(0, RedisUnderTest.Garnet);
        string alone = await Trn.DigestAsync([.. Trn.Train(cluster.Text, 20, "--threads", "2"), .. formats]);
        string mxfp4 = await Trn.DigestAsync([.. Trn.Train(cluster.Text, 20, "--threads", "2", "--precision", "mxfp4")]);
        for (int count = 1; count <= 3; count++)
        {
            await cluster.AddSiloAsync();
            JsonElement end = (await Trn.EventsAsync([.. cluster.Train(20), .. formats]))[^1];
            Assert.Equal(alone, Trn.Digest(end));
            Assert.Equal(end.GetProperty("modelled").GetRawText(), end.GetProperty("counted").GetRawText());
            JsonElement whole = (await Trn.EventsAsync(cluster.Train(20)))[^1];
            Assert.Equal(Bytes(whole), 2 * Bytes(end));
        }

        Assert.Equal(mxfp4, await Trn.DigestAsync(cluster.Train(20, "--precision", "mxfp4")));

        static long Bytes(JsonElement end) => end.GetProperty("links").EnumerateArray().Sum(l => l.GetProperty("bytes").GetInt64());
    }

    [Theory]
    [InlineData(RedisUnderTest.Garnet)]
    [InlineData(RedisUnderTest.Redis)]
    public async Task A_silo_that_joins_and_one_that_leaves_in_mid_run_change_no_bit(string kind)
    {
        using TestCluster cluster = await TestCluster.StartAsync(2, kind);
        SiloProcess first = cluster.Silos[0];
        using Trn.Following run = new(cluster.Train(10_000_000, "--run-id", "moving"));
        await run.UntilStepAsync(20);
        await cluster.AddSiloAsync();
        await run.UntilSilosAsync(3);
        long joined = run.Events[^1].GetProperty("step").GetInt64();
        await run.UntilStepAsync(joined + 20);

        // The first one holds UltraServer 0, and, as likely as not, the run's own grain.
        await first.StopAsync();
        Assert.Equal(0, first.ExitCode);
        await run.UntilSilosAsync(2);
        await run.UntilStepAsync(run.Events[^1].GetProperty("step").GetInt64() + 20);
        JsonElement stopped = (await Trn.EventsAsync("stop", "moving", "--redis", cluster.Address, "--json")).Single();
        JsonElement end = await run.UntilAsync(e => Trn.Kind(e) == "end");
        Assert.Equal(0, await run.ExitAsync());

        // Every step was committed once, in order, and the followers saw each once, whichever silo told them.
        long steps = end.GetProperty("steps").GetInt64();
        Assert.Equal(Enumerable.Range(0, (int)steps).Select(s => (long)s), run.Events.Where(e => Trn.Kind(e) == "step").Select(e => e.GetProperty("step").GetInt64()));
        Assert.Equal(3, end.GetProperty("generations").GetInt32());
        Assert.Equal("stopped", stopped.GetProperty("state").GetString());
        Assert.Equal(Trn.Digest(end), Trn.Digest(stopped));
        Assert.Equal(await Trn.DigestAsync(Trn.Train(cluster.Text, steps, "--threads", "2")), Trn.Digest(end));
    }
}
