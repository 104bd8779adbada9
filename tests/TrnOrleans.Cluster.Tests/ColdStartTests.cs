using System.Text.Json;

namespace TrnOrleans.Cluster.Tests;

/// <summary>All silos at once: the run is taken up again by whichever silos come, from the newest checkpoint.</summary>
public sealed class ColdStartTests
{
    private const int Steps = 1500;
    private const int Every = 50;

    [Theory]
    [InlineData(2, 1)]
    [InlineData(1, 3)]
    public async Task A_run_survives_the_loss_of_every_process(int before, int after)
    {
        using TestCluster cluster = await TestCluster.StartAsync(0);
        string root = cluster.Folder.At("checkpoints");
        await AddSilosAsync(cluster, before, root);
        string collected = cluster.Folder.At("collected");
        using Trn.Following run = new(cluster.Train(Steps, "--checkpoint-dir", "cold", "--checkpoint-every", $"{Every}", "--journal", collected));
        await run.UntilStepAsync(180);
        await LoseAllAsync(cluster, after, root);
        JsonElement end = await run.UntilAsync(e => Trn.Kind(e) is "end" or "failed");
        Assert.True(Trn.Kind(end) == "end", end.ToString());
        string expected = await Trn.DigestAsync(Trn.Train(cluster.Text, Steps, "--threads", "2"));
        Assert.Equal(expected, Trn.Digest(end));
        Assert.Equal(Enumerable.Range(0, Steps).Select(s => (long)s), run.Events.Where(e => Trn.Kind(e) == "step").Select(e => e.GetProperty("step").GetInt64()));
        Assert.Equal(0, await run.ExitAsync());

        // What the console has collected is what the silos of now have; the others that were killed have theirs on their disks.
        Assert.Equal(1 + after, Directory.GetFiles(collected).Length);
        string[] journals = [.. cluster.Silos.Select(s => s.Journals).Where(folder => Directory.Exists(folder) && Directory.GetFiles(folder).Length > 0).Distinct()];
        JsonElement verified = (await Trn.EventsAsync(["verify", .. journals, "--digest", expected, "--recovery-seconds", "30", "--json"])).Single();
        Assert.Empty(verified.GetProperty("violations").EnumerateArray());
    }

    [Fact]
    public async Task A_run_that_nobody_follows_is_taken_up_again_by_itself()
    {
        using TestCluster cluster = await TestCluster.StartAsync(0);
        string root = cluster.Folder.At("checkpoints");
        await AddSilosAsync(cluster, 2, root);
        await Trn.EventsAsync(cluster.Train(Steps, "--run-id", "alone", "--detach", "--checkpoint-dir", "c", "--checkpoint-every", $"{Every}"));
        await UntilStepAsync(Path.Combine(root, "c"), 100);
        await LoseAllAsync(cluster, 2, root);
        await UntilStepAsync(Path.Combine(root, "c"), Steps);
        JsonElement[] events = await Trn.EventsAsync("attach", "alone", "--redis", cluster.Address, "--json");
        Assert.Equal(await Trn.DigestAsync(Trn.Train(cluster.Text, Steps, "--threads", "2")), Trn.Digest(events[^1]));
        Assert.Contains(events, e => Trn.Kind(e) == "recovery");
    }

    private static async Task AddSilosAsync(TestCluster cluster, int count, string root)
    {
        for (int i = 0; i < count; i++)
        {
            await cluster.AddSiloAsync("--checkpoints", root);
        }
    }

    /// <summary>The first new one comes up where one of the old was, with its disk; the others are new, and get the text from it.</summary>
    private static async Task LoseAllAsync(TestCluster cluster, int after, string root)
    {
        cluster.Silos.ForEach(silo => silo.Signal("KILL"));
        await cluster.AddSiloAsync("--checkpoints", root, "--data", cluster.Silos[0].Data);
        await AddSilosAsync(cluster, after - 1, root);
    }

    private static async Task UntilStepAsync(string folder, long step)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(2));
        while (!Directory.Exists(folder) || !Directory.GetDirectories(folder, "step-*").Any(path => long.Parse(Path.GetFileName(path)[5..], null) >= step))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
        }
    }
}
