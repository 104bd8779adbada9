using TrnOrleans.Grains.Specs;

namespace TrnOrleans.Grains.Checkpoints;

/// <summary>What a checkpoint is: written last, and with a checksum beside it. Keys are a promise, as are those of the run's spec in it.</summary>
public sealed record CheckpointManifest
{
    /// <summary>The format that this program writes and reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>Version of the format.</summary>
    public required int Format { get; init; }

    /// <summary>The run that wrote it.</summary>
    public required string Run { get; init; }

    /// <summary>Committed steps in it: the next one to compute.</summary>
    public required long Step { get; init; }

    /// <summary>Of weights and optimizer state: what a run that ends here prints.</summary>
    public required string Digest { get; init; }

    /// <summary>Steps between checkpoints, and how many are kept.</summary>
    public required long Every { get; init; }

    /// <summary>How many checkpoints are kept.</summary>
    public required int Keep { get; init; }

    /// <summary>Tensors of each shard: the weights, then the optimizer's states.</summary>
    public required IReadOnlyList<string> Tensors { get; init; }

    /// <summary>One for each chip of an UltraServer, in order.</summary>
    public required IReadOnlyList<CheckpointShard> Shards { get; init; }

    /// <summary>SHA-256 of the file with the last steps' losses.</summary>
    public required string HistorySha256 { get; init; }

    /// <summary>The whole run.</summary>
    public required RunSpec Spec { get; init; }
}

/// <summary>A chip's part of a checkpoint: a slice of the flat weights and of each optimizer state.</summary>
/// <param name="File">Name in the checkpoint's folder.</param>
/// <param name="First">First float of the slice.</param>
/// <param name="Length">Floats of the slice.</param>
/// <param name="Digest">XXH128 of all tensors' bytes, in order, in hexadecimal.</param>
public sealed record CheckpointShard(string File, long First, long Length, string Digest);
