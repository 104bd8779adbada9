using System.Diagnostics;
using System.Text.Json;
using TrnOrleans.Models.Weights;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

/// <summary>Checkpoints and `trn resume` as a user meets them.</summary>
public sealed class CheckpointTests : IDisposable
{
    private const int Steps = 400;
    private readonly TempFolder _folder = new();
    private readonly string _text;

    public CheckpointTests()
    {
        _text = Trn.Text(_folder);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Each time at another moment; whatever the disk held then, the run goes on from it and ends with the same bits.</summary>
    [Fact]
    public async Task A_process_that_is_killed_at_any_moment_is_resumed_with_the_same_bits()
    {
        string[] train = Trn.Train(_text, "--steps", $"{Steps}", "--eval-every", "0");
        string expected = await Trn.DigestAsync(train);
        string place = _folder.At("c");
        string[] next = [.. train, "--checkpoint-dir", place, "--checkpoint-every", "1", "--keep", "2"];
        for (int kill = 0; kill < 6; kill++)
        {
            using Process process = ChildProcess.Start("trn", [.. next, "--json"]);
            int lines = 30 + (37 * kill);
            for (int line = 0; line < lines && await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is not null; line++)
            {
            }

            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            next = ["resume", place, "--threads", $"{1 + (kill % 2)}"];
        }

        Assert.Equal(expected, await Trn.DigestAsync(next));
        string verified = (await Trn.SucceedAsync(["checkpoints", place, "--json"])).Output;
        JsonElement[] all = [.. JsonSerializer.Deserialize<JsonElement>(verified).EnumerateArray()];
        Assert.Equal(2, all.Length);
        Assert.All(all, c => Assert.True(c.GetProperty("is_whole").GetBoolean()));
        Assert.Equal((Steps, expected), (all[0].GetProperty("step").GetInt32(), all[0].GetProperty("digest").GetString()));
    }

    [Fact]
    public async Task The_weights_of_a_checkpoint_are_those_that_the_run_saves()
    {
        string place = _folder.At("c");
        await Trn.SucceedAsync([.. Trn.Train(_text, "--save", _folder.At("run.safetensors")), "--checkpoint-dir", place]);
        ChildProcess.Result result = await Trn.RunAsync("checkpoints", place, "--save", _folder.At("checkpoint.safetensors"));
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(await File.ReadAllBytesAsync(_folder.At("run.safetensors"), TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(_folder.At("checkpoint.safetensors"), TestContext.Current.CancellationToken));

        // Its shards are safetensors like any other.
        using SafetensorsReader shard = new(Directory.GetFiles(Path.Combine(place, "step-000000000003"), "*.safetensors")[0]);
        Assert.Equal(["exp_avg", "exp_avg_sq", "weights"], shard.Entries.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_is_said_in_a_sentence()
    {
        string place = _folder.At("c");
        string[] train = Trn.Train(_text);
        Assert.Contains("need --checkpoint-dir", await Trn.RefusedAsync(2, _folder, [.. train, "--keep", "3"]), StringComparison.Ordinal);
        Assert.Contains("--checkpoint-every is 0", await Trn.RefusedAsync(2, _folder, [.. train, "--checkpoint-dir", place, "--checkpoint-every", "0"]), StringComparison.Ordinal);
        Assert.Contains("--keep is -1", await Trn.RefusedAsync(2, _folder, [.. train, "--checkpoint-dir", place, "--keep", "-1"]), StringComparison.Ordinal);
        Assert.Contains("there are no checkpoints in", await Trn.RefusedAsync(1, _folder, "resume", place), StringComparison.Ordinal);
        Assert.Contains("there are no checkpoints in", await Trn.RefusedAsync(1, _folder, "checkpoints", _text), StringComparison.Ordinal);
        Assert.Contains("cannot be used for checkpoints", await Trn.RefusedAsync(1, _folder, [.. train, "--checkpoint-dir", _text]), StringComparison.Ordinal);

        await Trn.SucceedAsync([.. train, "--checkpoint-dir", place]);
        Assert.Contains("`trn resume", await Trn.RefusedAsync(1, _folder, [.. train, "--checkpoint-dir", place]), StringComparison.Ordinal);
        string other = _folder.File("other.json", $$"""{"data":{"source":"{{_text}}" },"training":{"seed":5} }""");
        Assert.Contains("is another run than the checkpoint's: model.layers is 4, and there it is 1", await Trn.RefusedAsync(2, _folder, "resume", place, "--spec", other), StringComparison.Ordinal);
        string same = _folder.File("same.json", string.Empty);
        await File.WriteAllTextAsync(same, (await Trn.SucceedAsync(Trn.Tiny("spec", _text))).Output, TestContext.Current.CancellationToken);
        await Trn.SucceedAsync(["resume", place, "--spec", same]);

        string shard = Directory.GetFiles(Path.Combine(place, "step-000000000003"), "*.safetensors")[0];
        await File.WriteAllBytesAsync(shard, [], TestContext.Current.CancellationToken);
        ChildProcess.Result damaged = await Trn.RunAsync("resume", place);
        Assert.Equal(1, damaged.ExitCode);
        Assert.Contains("too short to be a safetensors file", damaged.Errors, StringComparison.Ordinal);
        Assert.Contains("none of the checkpoints", damaged.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", damaged.Errors, StringComparison.Ordinal);
    }

    /// <summary>Ctrl-C leaves a checkpoint of the very step, wherever the rhythm stands.</summary>
    [Fact]
    public async Task A_run_that_is_stopped_is_resumed_from_where_it_stood()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such signals here");
        string place = _folder.At("c");
        string[] train = Trn.Train(_text, "--steps", "5000", "--eval-every", "0");
        using Process process = ChildProcess.Start("trn", [.. train, "--checkpoint-dir", place, "--checkpoint-every", "1000000", "--json"]);
        for (int line = 0; line < 40; line++)
        {
            await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        }

        using (Process kill = Process.Start("kill", ["-INT", $"{process.Id}"]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        ChildProcess.Result stopped = await ChildProcess.FinishAsync(process, "trn train");
        JsonElement end = Trn.Events(stopped.Lines)[^1];
        Assert.True(end.GetProperty("stopped").GetBoolean());
        JsonElement[] resumed = await Trn.EventsAsync(["resume", place]);
        Assert.Equal(end.GetProperty("steps").GetInt64(), resumed.First(e => e.GetProperty("event").GetString() == "step").GetProperty("step").GetInt64());
        Assert.Equal(await Trn.DigestAsync(train), resumed[^1].GetProperty("digest").GetString());
    }
}
