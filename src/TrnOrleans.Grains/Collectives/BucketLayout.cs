namespace TrnOrleans.Grains.Collectives;

/// <summary>
/// How a gradient is cut into buckets, the unit of communication: equal, aligned, and as many as divide over the silos, so that each silo
/// sends as much as another. Sums are element by element: where the cuts are changes no bit.
/// </summary>
public sealed class BucketLayout
{
    // 512 KiB: between silos 256 KiB – 1 MiB a message is best (measured on Orleans 10.4), and in a silo a bucket and its neighbour stay in
    // the second-level cache between being computed and being folded.
    private const int TargetLength = 1 << 17;

    private const int Alignment = 16;

    private readonly long[] _offsets;
    private readonly int[] _owners;

    /// <summary>Cut for a sum that all silos want: silos take turns in owning a bucket, so all have work from the first bucket on.</summary>
    /// <param name="length">Floats of the gradient; at least one.</param>
    /// <param name="silos">Silos that share the work; at least one.</param>
    public BucketLayout(long length, int silos)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(silos, 1);
        long rounds = Math.Max(1, (length + ((long)silos * TargetLength) - 1) / ((long)silos * TargetLength));
        long even = (length + (rounds * silos) - 1) / (rounds * silos);
        long each = (even + Alignment - 1) / Alignment * Alignment;
        int count = checked((int)((length + each - 1) / each));
        _offsets = [.. Enumerable.Range(0, count).Select(bucket => bucket * each), length];
        _owners = [.. Enumerable.Range(0, count).Select(bucket => bucket % silos)];
    }

    /// <summary>Cut for parts that belong to one silo each.</summary>
    /// <param name="parts">Floats of each silo's part, in order of the silos; at least one float in all.</param>
    public BucketLayout(IReadOnlyList<long> parts)
    {
        List<long> offsets = [0];
        List<int> owners = [];
        for (int silo = 0; silo < parts.Count; silo++)
        {
            for (long left = parts[silo]; left > 0; left -= Math.Min(left, TargetLength))
            {
                offsets.Add(offsets[^1] + Math.Min(left, TargetLength));
                owners.Add(silo);
            }
        }

        ArgumentOutOfRangeException.ThrowIfZero(owners.Count, nameof(parts));
        _offsets = [.. offsets];
        _owners = [.. owners];
    }

    /// <summary>Floats of the gradient.</summary>
    public long Length => _offsets[^1];

    /// <summary>Number of buckets.</summary>
    public int Count => _owners.Length;

    /// <summary>First float of a bucket.</summary>
    public long Offset(int bucket) => _offsets[bucket];

    /// <summary>Floats of a bucket.</summary>
    public int LengthOf(int bucket) => (int)(_offsets[bucket + 1] - _offsets[bucket]);

    /// <summary>The silo (its place in the plan) where a bucket is summed.</summary>
    public int Owner(int bucket) => _owners[bucket];

    /// <summary>The first bucket that lies wholly behind an offset; <see cref="Count"/> when none does.</summary>
    public int FirstBehind(long offset)
    {
        int found = Array.BinarySearch(_offsets, offset);
        return Math.Min(Count, found >= 0 ? found : ~found);
    }
}
