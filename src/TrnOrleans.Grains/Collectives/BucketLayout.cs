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

    private readonly int _silos;
    private readonly int _bucketLength;

    /// <param name="length">Floats of the gradient; at least one.</param>
    /// <param name="silos">Silos that share the work; at least one.</param>
    public BucketLayout(long length, int silos)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(silos, 1);
        Length = length;
        _silos = silos;
        long rounds = Math.Max(1, (length + ((long)silos * TargetLength) - 1) / ((long)silos * TargetLength));
        long even = (length + (rounds * silos) - 1) / (rounds * silos);
        _bucketLength = checked((int)((even + Alignment - 1) / Alignment * Alignment));
        Count = checked((int)((length + _bucketLength - 1) / _bucketLength));
    }

    /// <summary>Floats of the gradient.</summary>
    public long Length { get; }

    /// <summary>Number of buckets.</summary>
    public int Count { get; }

    /// <summary>First float of a bucket.</summary>
    public long Offset(int bucket) => (long)bucket * _bucketLength;

    /// <summary>Floats of a bucket.</summary>
    public int LengthOf(int bucket) => (int)Math.Min(_bucketLength, Length - Offset(bucket));

    /// <summary>The silo (its place in the plan) where a bucket is summed; all silos have their turn from the first bucket on.</summary>
    public int Owner(int bucket) => bucket % _silos;

    /// <summary>The first bucket that lies wholly behind an offset; <see cref="Count"/> when none does.</summary>
    public int FirstBehind(long offset) => (int)Math.Min(Count, (offset + _bucketLength - 1) / _bucketLength);
}
