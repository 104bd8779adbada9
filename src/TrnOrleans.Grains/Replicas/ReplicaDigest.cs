using System.Buffers.Binary;
using System.Security.Cryptography;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Replicas;

/// <summary>One hash for a replica, made of those of its shards.</summary>
internal static class ReplicaDigest
{
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
