using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Cluster.Tests;

/// <summary>Runs outlive the console that started them, and any console can find them.</summary>
public sealed class ConsoleTests
{
    [Fact]
    public async Task A_detached_run_goes_on_and_is_found_attached_and_saved()
    {
        using TestCluster cluster = await TestCluster.StartAsync(2);
        string[] there = ["--redis", cluster.Address, "--json"];

        JsonElement detached = (await Trn.EventsAsync(cluster.Train(150, "--run-id", "a", "--detach"))).Single();
        Assert.Equal(("detached", "a"), (Trn.Kind(detached), detached.GetProperty("run").GetString()));

        // The same start again is the same run; another spec under its name is refused.
        await Trn.EventsAsync(cluster.Train(150, "--run-id", "a", "--detach"));
        string refused = await Trn.RefusedAsync(1, "trn", [.. cluster.Train(151, "--run-id", "a", "--detach")]);
        Assert.Contains("another spec", refused, StringComparison.Ordinal);

        string saved = cluster.Folder.At("there.safetensors");
        JsonElement[] attached = await Trn.EventsAsync(["attach", "a", "--save", saved, .. there]);
        Assert.Equal(150, attached.Count(e => Trn.Kind(e) == "step"));

        string here = cluster.Folder.At("here.safetensors");
        JsonElement[] embedded = await Trn.EventsAsync(Trn.Train(cluster.Text, 150, "--save", here, "--threads", "2"));
        Assert.Equal(Trn.Digest(embedded[^1]), Trn.Digest(attached[^1]));
        Assert.Equal(await File.ReadAllBytesAsync(here, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(saved, TestContext.Current.CancellationToken));
        Assert.Equal(Losses(embedded), Losses(attached));

        JsonElement listed = (await Trn.EventsAsync(["runs", .. there])).Single().EnumerateArray().Single();
        Assert.Equal(("a", "ended", 150L), (listed.GetProperty("run").GetString(), listed.GetProperty("state").GetString(), listed.GetProperty("steps").GetInt64()));
    }

    [Theory]
    [InlineData("KILL", 137)]
    [InlineData("INT", 130)]
    public async Task The_end_of_the_console_is_not_the_end_of_the_run(string signal, int code)
    {
        using TestCluster cluster = await TestCluster.StartAsync(2);
        using (Trn.Following console = new(cluster.Train(10_000_000, "--run-id", "b")))
        {
            await console.UntilStepAsync(5);
            console.Signal(signal);
            Assert.Equal(code, await console.ExitAsync());
        }

        using Trn.Following again = new("attach", "b", "--redis", cluster.Address, "--json");
        await again.UntilStepAsync(30);
        Assert.Equal(Enumerable.Range(0, 31).Select(s => (long)s), again.Events.Where(e => Trn.Kind(e) == "step").Select(e => e.GetProperty("step").GetInt64()));

        JsonElement shown = (await Trn.EventsAsync("cluster", "--redis", cluster.Address, "--json")).Single();
        JsonElement[] silos = [.. shown.GetProperty("silos").EnumerateArray()];
        Assert.Equal([2, 2], silos.Select(s => s.GetProperty("ultraservers").GetInt32()));
        Assert.Equal([4, 4], silos.Select(s => s.GetProperty("chips").GetInt32()));
        Assert.Equal(cluster.Silos.Select(s => s.Name).Order(), silos.Select(s => s.GetProperty("silo").GetString()!).Order());

        await Trn.EventsAsync("stop", "b", "--redis", cluster.Address, "--json");
        JsonElement end = await again.UntilAsync(e => Trn.Kind(e) == "end");
        Assert.True(end.GetProperty("stopped").GetBoolean());
    }

    [Fact]
    public async Task Files_reach_silos_that_do_not_have_them()
    {
        using TestCluster cluster = await TestCluster.StartAsync(2);
        string weights = cluster.Folder.At("w.safetensors");
        await Trn.EventsAsync(cluster.Train(3, "--save", weights));
        JsonElement[] there = await Trn.EventsAsync(cluster.Train(5, "--init", weights));
        Assert.Equal(await Trn.DigestAsync(Trn.Train(cluster.Text, 5, "--init", weights)), Trn.Digest(there[^1]));

        // The text and the weights, named by their content, and nothing half-written.
        foreach (SiloProcess silo in cluster.Silos)
        {
            string[] names = silo.Content;
            Assert.Equal(2, names.Length);
            Assert.All(names, name => Assert.Matches("^[0-9a-f]{64}$", name));
        }

        string images = Images(cluster.Folder);
        string[] mlp = ["train", "--model", "mlp", "--sizes", "4,8,3", "--data", images, "--ultraservers", "2", "--chips", "2", "--batch", "8", "--steps", "5", "--json"];
        Assert.Equal(await Trn.DigestAsync(mlp), await Trn.DigestAsync([.. mlp, "--redis", cluster.Address]));
    }

    [Fact]
    public async Task Collectives_over_two_silos_are_exact_and_send_no_more_than_they_must()
    {
        using TestCluster cluster = await TestCluster.StartAsync(2);
        foreach (string operation in new[] { "all_reduce", "redsct", "allg", "broadcast" })
        {
            string report = cluster.Folder.At($"{operation}.json");
            JsonElement document = (await Trn.EventsAsync(
                "allreduce", operation, "-r", "6", "-b", "4KB", "-e", "4MB", "-f", "32", "-n", "3", "-w", "1", "-c", "--report-to-json-file", report,
                "--redis", cluster.Address, "--json")).Single();
            JsonElement[] results = [.. document.GetProperty("results").EnumerateArray()];
            Assert.Equal([4096, 131072, 4194304], results.Select(r => r.GetProperty("size_bytes").GetInt32()));
            foreach (JsonElement result in results)
            {
                Assert.Equal(0, result.GetProperty("wrong").GetInt64());
                foreach (JsonElement silo in result.GetProperty("silos").EnumerateArray())
                {
                    Assert.InRange(silo.GetProperty("sent_bytes").GetDouble(), 0, 1.05 * silo.GetProperty("lower_bound_bytes").GetDouble());
                }
            }

            JsonElement file = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken));
            Assert.Equal(3, file.GetProperty("results").GetArrayLength());
        }
    }

    private static IEnumerable<double> Losses(JsonElement[] events) => events.Where(e => Trn.Kind(e) == "step").Select(e => e.GetProperty("loss").GetDouble());

    /// <summary>A folder of IDX files with images of 2 × 2 pixels in three classes.</summary>
    private static string Images(TempFolder folder)
    {
        foreach ((string name, byte count) in new[] { ("train", (byte)40), ("t10k", (byte)12) })
        {
            folder.File($"images/{name}-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 2, .. Enumerable.Range(0, 4 * count).Select(i => (byte)(i * 37))]);
            folder.File($"images/{name}-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, count, .. Enumerable.Range(0, count).Select(i => (byte)(i % 3))]);
        }

        return folder.At("images");
    }
}
