using System.Text.Json;
using CsCheck;
using TrnOrleans.Grains.Checkpoints;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Tests;

namespace TrnOrleans.Grains.Tests.Checkpoints;

/// <summary>A checkpoint is there whole or not at all, whenever its writer dies and whatever happens to its bits.</summary>
public sealed class CheckpointFilesTests : IDisposable
{
    private const int Length = 1000;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Slices of any length, of none too, as many chips and few floats give them.</summary>
    [Fact]
    public void What_is_written_is_what_is_read() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[1, 40].Array[1, 6], Gen.ULong).Sample((states, lengths, seed) =>
        {
            using TempFolder place = new();
            using CheckpointSnapshot snapshot = Snapshot(states + 1, lengths.Sum(), seed);
            CheckpointFolder folder = new(place.Root);
            CheckpointManifest written = CheckpointFiles.Write(folder, snapshot, Slices(lengths), Head(7, states)).Manifest;
            CheckpointManifest found = CheckpointFiles.Newest(folder, null).Newest!;
            Assert.Equal(written.Digest, found.Digest);
            Assert.Equal(snapshot.Commits, CheckpointFiles.ReadHistory(folder, found));
            float[] values = new float[lengths.Sum()];
            for (int part = 0; part <= states; part++)
            {
                CheckpointFiles.Read(folder, found, part, 0, values);
                Assert.Equal(snapshot.Parts[part].Span().ToArray(), values);
                int first = (int)(seed % (ulong)values.Length);
                CheckpointFiles.Read(folder, found, part, first, values.AsSpan(0, values.Length - first));
                Assert.Equal(snapshot.Parts[part].Span()[first..].ToArray(), values[..^first]);
            }
        }, iter: 50);

    /// <summary>At every step of the writer the disk is copied as it stands: what a kill would leave there.</summary>
    [Fact]
    public void A_writer_that_dies_at_any_point_leaves_the_one_before_or_the_new_one()
    {
        CheckpointFolder folder = new(_folder.At("checkpoints"));
        using CheckpointSnapshot old = Snapshot(3, Length, 1);
        using CheckpointSnapshot fresh = Snapshot(3, Length, 2);
        string before = CheckpointFiles.Write(folder, old, Slices(400, 600), Head(10) with { Keep = 1 }).Manifest.Digest;
        List<(string Point, string Copy)> deaths = [];
        string after = CheckpointFiles.Write(folder, fresh, Slices(400, 600), Head(20) with { Keep = 1 }, reached: point =>
        {
            string copy = _folder.At($"death{deaths.Count}");
            Copy(folder.Root, copy);
            deaths.Add((point, copy));
        }).Manifest.Digest;
        Assert.NotEqual(before, after);
        Assert.Superset(new HashSet<string> { "folder", "shard", "block", "flush", "manifest.json", "rename", "prune", "done" }, deaths.Select(d => d.Point).ToHashSet());
        bool renamed = false;
        foreach ((string point, string copy) in deaths)
        {
            renamed |= point == "prune";
            (CheckpointManifest? newest, IReadOnlyList<RefusedCheckpoint> refused) = CheckpointFiles.Newest(new CheckpointFolder(copy), null);
            Assert.Equal(renamed ? (20, after) : (10, before), (newest!.Step, newest.Digest));
            Assert.Empty(refused);

            // And the next writer sweeps away what the dead one has left.
            CheckpointFolder left = new(copy);
            CheckpointFiles.Write(left, fresh, Slices(400, 600), Head(30) with { Keep = 2 });
            Assert.DoesNotContain(Directory.EnumerateDirectories(copy), path => Path.GetFileName(path).StartsWith('.'));
            Assert.Equal(30, left.Steps()[0]);
        }
    }

    [Fact]
    public void Any_changed_bit_of_any_file_is_found_and_the_one_before_is_taken()
    {
        CheckpointFolder folder = new(_folder.At("checkpoints"));
        using CheckpointSnapshot snapshot = Snapshot(2, Length, 1);
        CheckpointFiles.Write(folder, snapshot, Slices(500, 500), Head(10, 1));
        CheckpointFiles.Write(folder, snapshot, Slices(500, 500), Head(20, 1));
        string[] files = Directory.GetFiles(folder.PathOf(20));
        Assert.Equal(5, files.Length);
        Gen.Select(Gen.Int[0, files.Length - 1], Gen.Double[0, 1], Gen.Int[0, 7]).Sample((file, place, bit) =>
        {
            byte[] bytes = File.ReadAllBytes(files[file]);
            byte[] changed = [.. bytes];
            int at = (int)(place * (bytes.Length - 1));
            changed[at] ^= (byte)(1 << bit);
            File.WriteAllBytes(files[file], changed);
            try
            {
                (CheckpointManifest? newest, IReadOnlyList<RefusedCheckpoint> refused) = CheckpointFiles.Newest(folder, null);

                // The spaces that fill up a header mean nothing; any other bit does.
                Assert.True((newest!.Step == 10 && refused is [{ Step: 20 }]) || bytes[at] == ' ', $"{files[file]}, byte {at}, bit {bit}");
            }
            finally
            {
                File.WriteAllBytes(files[file], bytes);
            }
        }, iter: 400, threads: 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(1000)]
    public void A_file_that_is_cut_short_or_gone_is_found(int length)
    {
        CheckpointFolder folder = new(_folder.At("checkpoints"));
        using CheckpointSnapshot snapshot = Snapshot(1, Length, 1);
        CheckpointFiles.Write(folder, snapshot, Slices(Length), Head(10, 0));
        foreach (string file in Directory.GetFiles(folder.PathOf(10)))
        {
            byte[] bytes = File.ReadAllBytes(file);
            File.WriteAllBytes(file, bytes[..Math.Min(length, bytes.Length - 1)]);
            Assert.Null(CheckpointFiles.Newest(folder, null).Newest);
            File.Delete(file);
            Assert.Null(CheckpointFiles.Newest(folder, null).Newest);
            File.WriteAllBytes(file, bytes);
        }

        Assert.Equal(10, CheckpointFiles.Newest(folder, null).Newest!.Step);
    }

    [Fact]
    public void Those_of_another_run_are_refused_and_only_the_newest_are_kept()
    {
        CheckpointFolder folder = new(_folder.At("checkpoints"));
        using CheckpointSnapshot snapshot = Snapshot(3, Length, 1);
        for (int step = 1; step <= 5; step++)
        {
            CheckpointFiles.Write(folder, snapshot, Slices(Length), Head(step) with { Keep = 2 });
        }

        Assert.Equal([5L, 4], folder.Steps());
        string spec = JsonSerializer.Serialize(new RunSpec(), Models.Json.StrictJson.Compact);
        Assert.Equal(5, CheckpointFiles.Newest(folder, spec).Newest!.Step);
        string other = JsonSerializer.Serialize(new RunSpec { Cluster = new ClusterSpec { Chips = 3 } }, Models.Json.StrictJson.Compact);
        (CheckpointManifest? newest, IReadOnlyList<RefusedCheckpoint> refused) = CheckpointFiles.Newest(folder, other);
        Assert.Null(newest);
        Assert.All(refused, r => Assert.Contains("is of another run", r.Why, StringComparison.Ordinal));
    }

    private static CheckpointManifest Head(long step, int states = 2) => new()
    {
        Format = CheckpointManifest.CurrentFormat,
        Run = "run",
        Step = step,
        Digest = string.Empty,
        Every = 10,
        Keep = 3,
        Tensors = CheckpointFiles.Tensors(states),
        Shards = [],
        HistorySha256 = string.Empty,
        Spec = new RunSpec(),
    };

    private static CheckpointSnapshot Snapshot(int parts, long length, ulong seed)
    {
        CheckpointSnapshot snapshot = new(parts, length);
        foreach (Numerics.Memory.AlignedBuffer part in snapshot.Parts)
        {
            foreach (ref float value in part.Span())
            {
                seed = (seed * 6364136223846793005) + 1442695040888963407;
                value = BitConverter.UInt32BitsToSingle((uint)(seed >> 32));
            }
        }

        snapshot.Commits = [new StepCommit(5, new CommitReport(0, seed / 3.0, 1.5, 0.25)), new StepCommit(6, new CommitReport(1, 0.1, double.MaxValue, 1e-9))];
        return snapshot;
    }

    private static (long First, long Length)[] Slices(params int[] lengths) =>
        [.. lengths.Select((length, i) => ((long)lengths.Take(i).Sum(), (long)length))];

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string folder in Directory.GetDirectories(from))
        {
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
        }

        foreach (string file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}
