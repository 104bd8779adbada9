using System.IO.Hashing;
using System.Runtime.InteropServices;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Verification;

/// <summary>Hashes a gradient bucket by bucket as it becomes final: before the switch folds others into it, and it is nobody's own any more.</summary>
/// <param name="buckets">How gradients are cut.</param>
/// <param name="gradient">Where it is.</param>
/// <param name="next">Who takes the buckets then; null for a gradient that is computed to be compared.</param>
internal sealed class GradientHash(BucketLayout buckets, AlignedBuffer gradient, IGradientProgress? next) : IGradientProgress
{
    private readonly XxHash128 _hash = new();
    private int _next = buckets.Count - 1;

    /// <summary>XXH128 of all buckets, the last one first.</summary>
    internal ShardDigest Value => ReplicaDigest.Of(_hash);

    public void FinalFrom(long offset)
    {
        for (int first = buckets.FirstBehind(offset); _next >= first; _next--)
        {
            _hash.Append(MemoryMarshal.AsBytes(gradient.Span(buckets.Offset(_next), buckets.LengthOf(_next))));
        }

        next?.FinalFrom(offset);
    }
}
