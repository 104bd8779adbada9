using TrnOrleans.Grains.Contracts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Checkpoints;

/// <summary>A copy of a replica as it stood after a step: what a step waits for, so that the disk need not be waited for.</summary>
public sealed class CheckpointSnapshot : IDisposable
{
    private readonly AlignedBuffer[] _parts;

    /// <param name="parts">The weights and each optimizer state.</param>
    /// <param name="length">Floats of each.</param>
    public CheckpointSnapshot(int parts, long length)
    {
        _parts = [.. Enumerable.Range(0, parts).Select(_ => new AlignedBuffer(length))];
    }

    /// <summary>The weights, then the optimizer states.</summary>
    public IReadOnlyList<AlignedBuffer> Parts => _parts;

    /// <summary>What the replica remembers of its last steps: a run's own record may be some seconds older than a checkpoint.</summary>
    public IReadOnlyList<StepCommit> Commits { get; set; } = [];

    public void Dispose() => Array.ForEach(_parts, part => part.Dispose());
}
