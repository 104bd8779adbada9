using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

/// <summary>Disks that are full or take nothing: one clear sentence, and nothing lost that could be kept.</summary>
public sealed class DiskFullTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_disk_that_is_full_at_the_end_costs_the_file_and_not_the_digest()
    {
        using SmallDisk disk = Mount("size=64k");
        ChildProcess.Result result = await Trn.RunAsync(Trn.Train(Trn.Text(_folder), "--width", "64", "--save", Path.Combine(disk.Root, "w.safetensors")));
        Assert.Equal(1, result.ExitCode);
        Assert.Matches("^trn: the run ended after 3 steps with digest [0-9a-f]+, but its weights could not be saved to .*\n$", result.Errors);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk.Root));
    }

    /// <summary>Room for two checkpoints and not for three: the newest that has fitted is whole, and the run goes on.</summary>
    [Fact]
    public async Task A_disk_that_is_too_small_for_another_checkpoint_costs_that_one()
    {
        string text = Trn.Text(_folder);
        string[] train = Trn.Train(text, "--width", "64", "--steps", "6");
        using SmallDisk disk = Mount("size=1500k");
        string place = Path.Combine(disk.Root, "c");
        JsonElement[] events = await Trn.EventsAsync([.. train, "--checkpoint-dir", place, "--checkpoint-every", "1", "--keep", "9"]);
        Assert.Contains(events, e => e.GetProperty("event").GetString() == "checkpoint");
        JsonElement failed = events.First(e => e.GetProperty("event").GetString() == "checkpoint_failed");
        Assert.Contains("space", failed.GetProperty("why").GetString(), StringComparison.OrdinalIgnoreCase);
        string digest = await Trn.DigestAsync(train);
        Assert.Equal(digest, events[^1].GetProperty("digest").GetString());
        Assert.Equal(digest, await Trn.DigestAsync(["resume", place]));
    }

    [Fact]
    public async Task A_disk_that_takes_nothing_is_refused_at_once()
    {
        using SmallDisk disk = Mount("size=1m");
        Assert.True(disk.MakeReadOnly());
        string said = await Trn.RefusedAsync(1, _folder, Trn.Train(Trn.Text(_folder), "--checkpoint-dir", Path.Combine(disk.Root, "c")));
        Assert.Contains("cannot be used for checkpoints", said, StringComparison.Ordinal);
        Assert.Contains("Read-only", said, StringComparison.OrdinalIgnoreCase);
    }

    private static SmallDisk Mount(string options)
    {
        SmallDisk? disk = SmallDisk.Mount(options);
        Assert.SkipWhen(disk is null, "no small disk can be mounted here");
        return disk;
    }
}
