using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Grains.Checkpoints;

/// <summary>
/// Checkpoints on the disk. A shard is a safetensors file, the manifest names all shards and their hashes, the manifest's checksum is beside
/// it. Everything is flushed before the folder gets the name under which readers look: a checkpoint is there whole or not at all.
/// </summary>
public static class CheckpointFiles
{
    // Hashed and written while it is in the cache.
    private const int BlockLength = 1 << 18;

    /// <summary>Names of the tensors, as PyTorch's optimizers name their states.</summary>
    /// <param name="states">Optimizer states: AdamW has two, SGD with momentum one.</param>
    public static IReadOnlyList<string> Tensors(int states) => states switch
    {
        0 => ["weights"],
        1 => ["weights", "momentum_buffer"],
        2 => ["weights", "exp_avg", "exp_avg_sq"],
        _ => throw new ArgumentOutOfRangeException(nameof(states), states, "an optimizer has up to two states"),
    };

    /// <summary>Writes a checkpoint, and returns when it is on the disk under its name.</summary>
    /// <param name="folder">Where; made if it is not there.</param>
    /// <param name="snapshot">The floats.</param>
    /// <param name="slices">First float and length of each chip's shard.</param>
    /// <param name="head">All but digest and shards.</param>
    /// <param name="expected">Digest that the floats must have, where it is known; or null.</param>
    /// <param name="reached">Told before every step on the disk, for those who want to know what a power cut would leave.</param>
    /// <returns>The manifest, and bytes of the shards.</returns>
    /// <exception cref="IOException">the disk is full, or not there; what was begun is gone again.</exception>
    /// <exception cref="InvalidWeightsException">the floats have another digest than expected.</exception>
    /// <exception cref="UnauthorizedAccessException">no permission.</exception>
    public static (CheckpointManifest Manifest, long Bytes) Write(
        CheckpointFolder folder, CheckpointSnapshot snapshot, IReadOnlyList<(long First, long Length)> slices, CheckpointManifest head, string? expected = null,
        Action<string>? reached = null)
    {
        Directory.CreateDirectory(folder.Root);
        string writing = folder.NewWriting(head.Step);
        reached?.Invoke("folder");
        Directory.CreateDirectory(writing);
        try
        {
            ShardDigest[] digests = new ShardDigest[slices.Count];
            List<CheckpointShard> shards = [];
            long bytes = 0;
            for (int chip = 0; chip < slices.Count; chip++)
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"shard-{chip:D5}-of-{slices.Count:D5}.safetensors");
                (digests[chip], long written) = WriteShard(Path.Combine(writing, name), snapshot, slices[chip], head.Tensors, reached);
                shards.Add(new CheckpointShard(name, slices[chip].First, slices[chip].Length, ReplicaDigest.Text(digests[chip])));
                bytes += written;
            }

            byte[] history = Lines(snapshot.Commits);
            WriteWhole(Path.Combine(writing, CheckpointFolder.History), history, reached);
            CheckpointManifest manifest = head with
            {
                Shards = shards,
                Digest = ReplicaDigest.Of(digests),
                HistorySha256 = Convert.ToHexStringLower(SHA256.HashData(history)),
            };
            if (expected is not null && manifest.Digest != expected)
            {
                throw new InvalidWeightsException($"the copy of step {head.Step} has other bits than the step left: memory has changed them");
            }

            byte[] text = JsonSerializer.SerializeToUtf8Bytes(manifest, StrictJson.Options);
            WriteWhole(Path.Combine(writing, CheckpointFolder.Manifest), text, reached);
            WriteWhole(Path.Combine(writing, CheckpointFolder.Checksum), Encoding.ASCII.GetBytes(Checksum(text)), reached);
            DurableFolder.Flush(writing);
            GiveName(folder, writing, manifest, reached);
            return (manifest, bytes);
        }
        catch
        {
            TryDelete(writing);
            throw;
        }
    }

    /// <summary>Reads and checks the manifest of a checkpoint.</summary>
    /// <exception cref="InvalidWeightsException">it is missing, damaged, or of another format.</exception>
    public static CheckpointManifest ReadManifest(CheckpointFolder folder, long step)
    {
        string path = Path.Combine(folder.PathOf(step), CheckpointFolder.Manifest);
        try
        {
            byte[] text = File.ReadAllBytes(path);
            if (File.ReadAllText(Path.Combine(folder.PathOf(step), CheckpointFolder.Checksum)) != Checksum(text))
            {
                throw new InvalidWeightsException($"{path} is damaged: its SHA-256 is not the one that stands beside it");
            }

            CheckpointManifest manifest = StrictJson.Read<CheckpointManifest>(Encoding.UTF8.GetString(text), path);
            return manifest.Format != CheckpointManifest.CurrentFormat
                ? throw new InvalidWeightsException($"{path} is of format {manifest.Format}, and this program reads {CheckpointManifest.CurrentFormat}")
                : manifest.Step != step
                ? throw new InvalidWeightsException($"{path} is of step {manifest.Step}; somebody has renamed its folder")
                : manifest;
        }
        catch (InvalidDescriptionException error)
        {
            throw new InvalidWeightsException(error.Message, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidWeightsException($"cannot read {path}: {error.Message.TrimEnd('.')}", error);
        }
    }

    /// <summary>The newest checkpoint of a folder that is whole, and why newer ones are not; all of it is read.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="spec">Of the run as JSON: those of others are refused; null for whichever there is.</param>
    /// <exception cref="InvalidWeightsException">the folder cannot be read.</exception>
    public static (CheckpointManifest? Newest, IReadOnlyList<RefusedCheckpoint> Refused) Newest(CheckpointFolder folder, string? spec)
    {
        List<RefusedCheckpoint> refused = [];
        foreach (long step in Steps(folder))
        {
            try
            {
                return (ReadWhole(folder, step, spec), refused);
            }
            catch (InvalidWeightsException error)
            {
                refused.Add(new RefusedCheckpoint(step, error.Message));
            }
        }

        return (null, refused);
    }

    /// <summary>The same as a run's grain wants to hear it.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="name">The folder as the run names it.</param>
    /// <param name="silo">Who reads it.</param>
    /// <param name="spec">As above.</param>
    /// <exception cref="InvalidWeightsException">the folder cannot be read.</exception>
    public static CheckpointSurvey Survey(CheckpointFolder folder, string name, string silo, string? spec)
    {
        (CheckpointManifest? newest, IReadOnlyList<RefusedCheckpoint> refused) = Newest(folder, spec);
        return new CheckpointSurvey(
            newest is null ? null : new CheckpointState(
                silo, name, newest.Step, newest.Digest, JsonSerializer.Serialize(newest.Spec, StrictJson.Compact), newest.Every, newest.Keep, ReadHistory(folder, newest)),
            refused);
    }

    /// <summary>The manifest of a checkpoint, all of which is read and whole.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="step">Which.</param>
    /// <param name="spec">Of the run as JSON: those of others are refused; null for whichever there is.</param>
    /// <exception cref="InvalidWeightsException">it is not whole, or of another run.</exception>
    public static CheckpointManifest ReadWhole(CheckpointFolder folder, long step, string? spec = null)
    {
        CheckpointManifest manifest = ReadManifest(folder, step);
        if (spec is not null && JsonSerializer.Serialize(manifest.Spec, StrictJson.Compact) != spec)
        {
            throw new InvalidWeightsException($"{folder.PathOf(step)} is of another run, {manifest.Run}");
        }

        Verify(folder, manifest);
        return manifest;
    }

    /// <summary>Steps of the checkpoints of a folder, the newest first.</summary>
    /// <exception cref="InvalidWeightsException">the folder cannot be read.</exception>
    public static IReadOnlyList<long> Steps(CheckpointFolder folder)
    {
        try
        {
            return folder.Steps();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidWeightsException($"cannot read {folder.Root}: {error.Message.TrimEnd('.')}", error);
        }
    }

    /// <summary>Reads all of a checkpoint and holds it against its manifest.</summary>
    /// <exception cref="InvalidWeightsException">something is missing or other than it was written.</exception>
    public static void Verify(CheckpointFolder folder, CheckpointManifest manifest)
    {
        ReadHistory(folder, manifest);
        float[] block = new float[BlockLength];
        foreach (CheckpointShard shard in manifest.Shards)
        {
            string path = Path.Combine(folder.PathOf(manifest.Step), shard.File);
            using SafetensorsReader reader = Open(path, manifest, shard);
            XxHash128 hash = new();
            foreach (string tensor in manifest.Tensors)
            {
                for (long offset = 0; offset < shard.Length; offset += block.Length)
                {
                    Span<float> part = block.AsSpan(0, (int)Math.Min(block.Length, shard.Length - offset));
                    reader.Read(reader.Entries[tensor], offset, part);
                    hash.Append(MemoryMarshal.AsBytes(part));
                }
            }

            if (ReplicaDigest.Text(ReplicaDigest.Of(hash)) != shard.Digest)
            {
                throw new InvalidWeightsException($"{path} is damaged: its bits are not those that were written");
            }
        }
    }

    /// <summary>The last steps' losses.</summary>
    /// <exception cref="InvalidWeightsException">the file is missing or damaged.</exception>
    public static IReadOnlyList<StepCommit> ReadHistory(CheckpointFolder folder, CheckpointManifest manifest)
    {
        string path = Path.Combine(folder.PathOf(manifest.Step), CheckpointFolder.History);
        try
        {
            byte[] text = File.ReadAllBytes(path);
            return Convert.ToHexStringLower(SHA256.HashData(text)) == manifest.HistorySha256
                ? [.. Encoding.UTF8.GetString(text).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<StepCommit>(line, StrictJson.Compact))]
                : throw new InvalidWeightsException($"{path} is damaged: its SHA-256 is not the manifest's");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidWeightsException($"cannot read {path}: {error.Message.TrimEnd('.')}", error);
        }
    }

    /// <summary>Some floats of a checkpoint, unverified.</summary>
    /// <param name="folder">Of the checkpoints.</param>
    /// <param name="manifest">Of this one.</param>
    /// <param name="part">Place of the tensor in the manifest's list.</param>
    /// <param name="offset">First float, counted over all shards.</param>
    /// <param name="target">Receives them.</param>
    /// <exception cref="InvalidWeightsException">a shard is missing or cut short.</exception>
    public static void Read(CheckpointFolder folder, CheckpointManifest manifest, int part, long offset, Span<float> target)
    {
        foreach (CheckpointShard shard in manifest.Shards)
        {
            long first = Math.Max(offset, shard.First);
            long end = Math.Min(offset + target.Length, shard.First + shard.Length);
            if (first < end)
            {
                using SafetensorsReader reader = Open(Path.Combine(folder.PathOf(manifest.Step), shard.File), manifest, shard);
                reader.Read(reader.Entries[manifest.Tensors[part]], first - shard.First, target.Slice((int)(first - offset), (int)(end - first)));
            }
        }
    }

    private static byte[] Lines(IReadOnlyList<StepCommit> commits)
    {
        using MemoryStream lines = new();
        foreach (StepCommit commit in commits)
        {
            JsonSerializer.Serialize(lines, commit, StrictJson.Compact);
            lines.WriteByte((byte)'\n');
        }

        return lines.ToArray();
    }

    /// <summary>The line that <c>sha256sum</c> writes.</summary>
    private static string Checksum(byte[] manifest) => $"{Convert.ToHexStringLower(SHA256.HashData(manifest))}  {CheckpointFolder.Manifest}\n";

    private static SafetensorsReader Open(string path, CheckpointManifest manifest, CheckpointShard shard)
    {
        SafetensorsReader reader = new(path);
        if (reader.Entries.Count == manifest.Tensors.Count
            && manifest.Tensors.All(name => reader.Entries.TryGetValue(name, out SafetensorsEntry? entry) && entry is { Type: "F32", Shape: [var length] } && length == shard.Length))
        {
            return reader;
        }

        reader.Dispose();
        throw new InvalidWeightsException($"{path} is damaged: it does not hold {string.Join(", ", manifest.Tensors)} of {shard.Length} floats each");
    }

    private static (ShardDigest Digest, long Bytes) WriteShard(
        string path, CheckpointSnapshot snapshot, (long First, long Length) slice, IReadOnlyList<string> tensors, Action<string>? reached)
    {
        reached?.Invoke("shard");
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        long position = 0;
        byte[] header = SafetensorsWriter.Header(tensors.Select(name => (name, (IReadOnlyList<long>)[slice.Length])), new Dictionary<string, string>());
        RandomAccess.Write(file, header, position);
        position += header.Length;
        XxHash128 hash = new();
        for (int part = 0; part < tensors.Count; part++)
        {
            for (long offset = 0; offset < slice.Length; offset += BlockLength)
            {
                reached?.Invoke("block");
                int length = (int)Math.Min(BlockLength, slice.Length - offset);
                ReadOnlySpan<byte> block = MemoryMarshal.AsBytes(snapshot.Parts[part].Span(slice.First + offset, length));
                hash.Append(block);
                RandomAccess.Write(file, block, position);
                position += block.Length;
            }
        }

        reached?.Invoke("flush");
        RandomAccess.FlushToDisk(file);
        return (ReplicaDigest.Of(hash), position);
    }

    private static void WriteWhole(string path, byte[] text, Action<string>? reached)
    {
        reached?.Invoke(Path.GetFileName(path));
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        RandomAccess.Write(file, text, 0);
        RandomAccess.FlushToDisk(file);
    }

    private static void GiveName(CheckpointFolder folder, string writing, CheckpointManifest manifest, Action<string>? reached)
    {
        string name = folder.PathOf(manifest.Step);
        if (Directory.Exists(name))
        {
            // A run that went back to an older checkpoint comes by here again, with the same bits.
            if (IsWhole(folder, manifest))
            {
                Directory.Delete(writing, recursive: true);
                return;
            }

            reached?.Invoke("move away");
            Directory.Move(name, folder.NewWriting(manifest.Step));
        }

        reached?.Invoke("rename");
        Directory.Move(writing, name);
        DurableFolder.Flush(folder.Root);
        reached?.Invoke("prune");
        try
        {
            folder.Prune(manifest.Step, manifest.Keep);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The checkpoint is there; what could not be removed is tried again by the next one.
        }

        reached?.Invoke("done");
    }

    private static bool IsWhole(CheckpointFolder folder, CheckpointManifest expected)
    {
        try
        {
            return ReadWhole(folder, expected.Step).Digest == expected.Digest;
        }
        catch (InvalidWeightsException)
        {
            return false;
        }
    }

    private static void TryDelete(string writing)
    {
        try
        {
            Directory.Delete(writing, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // What brought us here is the failure to tell; the next writer sweeps this away.
        }
    }
}
