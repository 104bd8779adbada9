using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Replicas;

/// <summary>One hash for a replica, made of those of its shards.</summary>
internal static class ReplicaDigest
{
    /// <summary>XXH128 of a slice of the weights and of each optimizer state, in order.</summary>
    internal static ShardDigest OfShard(IReadOnlyList<AlignedBuffer> parts, long first, long length)
    {
        XxHash128 hash = new();
        foreach (AlignedBuffer part in parts)
        {
            hash.Append(MemoryMarshal.AsBytes(part.Span(first, checked((int)length))));
        }

        return Of(hash);
    }

    /// <summary>What has been hashed so far.</summary>
    internal static ShardDigest Of(XxHash128 hash)
    {
        UInt128 value = hash.GetCurrentHashAsUInt128();
        return new ShardDigest((ulong)(value >> 64), (ulong)value);
    }

    /// <summary>As files have it.</summary>
    internal static string Text(ShardDigest digest) => $"{digest.High:x16}{digest.Low:x16}";

    /// <summary>SHA-256 over the chips' digests in order of their index, in lower-case hexadecimal.</summary>
    internal static string Of(ReadOnlySpan<ShardDigest> shards)
    {
        byte[] bytes = new byte[16 * shards.Length];
        for (int i = 0; i < shards.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(16 * i), shards[i].High);
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan((16 * i) + 8), shards[i].Low);
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
