using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Models.Data;

/// <summary>What an IDX file holds.</summary>
/// <param name="Sizes">Of each dimension.</param>
/// <param name="Values">Row-major.</param>
/// <param name="Sha256">Of header and values, decompressed.</param>
public sealed record IdxContent(int[] Sizes, byte[] Values, string Sha256);

/// <summary>
/// Reads IDX files of unsigned bytes, raw or gzip: a magic number, the sizes, the values, and not a byte more or less.
/// </summary>
/// <remarks>Format: yann.lecun.com/exdb/mnist. The sizes in the header cap what is decompressed, so a gzip bomb costs one byte.</remarks>
public static class IdxReader
{
    private static readonly long s_largestContent = Array.MaxLength;

    /// <summary>Reads a file with a given number of dimensions.</summary>
    /// <exception cref="InvalidDescriptionException">missing, wrong magic number, or of another length than its header says.</exception>
    public static IdxContent Read(string path, int dimensions)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            int first = file.ReadByte();
            int second = file.ReadByte();
            file.Position = 0;
            bool compressed = first == 0x1F && second == 0x8B;
            using Stream stream = compressed ? new GZipStream(file, CompressionMode.Decompress) : file;
            return Read(stream, path, dimensions);
        }
        catch (InvalidDataException error)
        {
            throw new InvalidDescriptionException($"{path} is damaged: it is no valid gzip file", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDescriptionException($"cannot read {path}: {Weights.SafetensorsReader.Reason(error)}", error);
        }
    }

    private static IdxContent Read(Stream stream, string path, int dimensions)
    {
        byte[] header = new byte[4 + (4 * dimensions)];
        int got = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (got == 0)
        {
            throw new InvalidDescriptionException($"{path} is empty; an IDX file starts with its magic number");
        }

        // 0, 0, type 8 (unsigned byte), number of dimensions.
        uint magic = got >= 4 ? BinaryPrimitives.ReadUInt32BigEndian(header) : 0;
        if (magic != 0x0800u + (uint)dimensions)
        {
            throw new InvalidDescriptionException(
                $"{path} is not an IDX file of unsigned bytes with {dimensions} dimension(s): its magic number is 0x{magic:X8}, not 0x{0x0800 + dimensions:X8}");
        }

        if (got < header.Length)
        {
            throw new InvalidDescriptionException($"{path} is cut short within its header");
        }

        int[] sizes = new int[dimensions];
        Int128 product = 1;
        for (int i = 0; i < dimensions; i++)
        {
            uint size = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4 + (4 * i)));
            product *= size;
            sizes[i] = (int)Math.Min(size, int.MaxValue);
        }

        if (product <= 0 || product > s_largestContent)
        {
            throw new InvalidDescriptionException($"{path} claims {product} values; between 1 and {s_largestContent} are read");
        }

        long expected = (long)product;
        if (stream is FileStream raw && raw.Length - header.Length != expected)
        {
            throw new InvalidDescriptionException(Length(path, expected, raw.Length - header.Length < expected));
        }

        byte[] values = new byte[expected];
        if (stream.ReadAtLeast(values, values.Length, throwOnEndOfStream: false) < values.Length)
        {
            throw new InvalidDescriptionException(Length(path, expected, tooShort: true));
        }

        if (stream.ReadByte() >= 0)
        {
            throw new InvalidDescriptionException(Length(path, expected, tooShort: false));
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(header);
        hash.AppendData(values);
        return new IdxContent(sizes, values, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static string Length(string path, long expected, bool tooShort) =>
        $"{path} holds {(tooShort ? "fewer" : "more")} than the {expected} values that its header announces; it is {(tooShort ? "cut short" : "damaged")}";
}
