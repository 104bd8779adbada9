using System.Buffers.Binary;
using System.IO.Compression;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

/// <summary>IDX files made by hand.</summary>
internal static class IdxBytes
{
    internal static byte[] Make(byte[] values, params uint[] sizes) => [.. Header(0x0800u + (uint)sizes.Length, sizes), .. values];

    internal static byte[] Header(uint magic, params uint[] sizes)
    {
        byte[] header = new byte[4 + (4 * sizes.Length)];
        BinaryPrimitives.WriteUInt32BigEndian(header, magic);
        for (int i = 0; i < sizes.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4 + (4 * i)), sizes[i]);
        }

        return header;
    }

    internal static byte[] Gzip(byte[] content)
    {
        using MemoryStream target = new();
        using (GZipStream gzip = new(target, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return target.ToArray();
    }

    /// <summary>The four files of a data set of 2 × 2 pixel images; image i has all pixels i, and label i mod 3.</summary>
    internal static void WriteFolder(TempFolder folder, int training, int validation, string separator = "-", bool gzip = false)
    {
        foreach ((string name, int count) in new[] { ("train", training), ("t10k", validation) })
        {
            byte[] images = Make([.. Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat((byte)i, 4))], (uint)count, 2, 2);
            byte[] labels = Make([.. Enumerable.Range(0, count).Select(i => (byte)(i % 3))], (uint)count);
            folder.File($"{name}-images{separator}idx3-ubyte{(gzip ? ".gz" : "")}", gzip ? Gzip(images) : images);
            folder.File($"{name}-labels{separator}idx1-ubyte{(gzip ? ".gz" : "")}", gzip ? Gzip(labels) : labels);
        }
    }
}
