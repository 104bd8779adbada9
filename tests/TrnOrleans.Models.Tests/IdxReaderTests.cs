using System.IO.Compression;
using System.Security.Cryptography;
using CsCheck;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

public class IdxReaderTests
{
    private static readonly byte[] s_good = IdxBytes.Make([1, 2, 3, 4, 5, 6], 3, 1, 2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_good_file_is_the_same_raw_and_compressed(bool gzip)
    {
        using TempFolder folder = new();
        IdxContent content = IdxReader.Read(folder.File("f", gzip ? IdxBytes.Gzip(s_good) : s_good), 3);
        Assert.Equal([3, 1, 2], content.Sizes);
        Assert.Equal([1, 2, 3, 4, 5, 6], content.Values);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(s_good)), content.Sha256);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Damage_is_named(bool gzip)
    {
        Assert.Contains("is empty", Refusal([], gzip), StringComparison.Ordinal);
        Assert.Contains("magic number", Refusal([0, 0, 8], gzip), StringComparison.Ordinal);
        Assert.Contains("cut short within its header", Refusal(s_good[..9], gzip), StringComparison.Ordinal);
        Assert.Contains("fewer than the 6 values", Refusal(s_good[..^1], gzip), StringComparison.Ordinal);
        Assert.Contains("more than the 6 values", Refusal([.. s_good, 7], gzip), StringComparison.Ordinal);
        Assert.Contains("0x00000801, not 0x00000803", Refusal(IdxBytes.Make([1, 2], 2), gzip), StringComparison.Ordinal);
        Assert.Contains("0x00000D03", Refusal(IdxBytes.Header(0x0D03, 1, 1, 1), gzip), StringComparison.Ordinal);
        Assert.Contains("claims 0 values", Refusal(IdxBytes.Header(0x0803, 0, 28, 28), gzip), StringComparison.Ordinal);
        Assert.Contains("claims 79228162458924105385300197375 values", Refusal(IdxBytes.Header(0x0803, uint.MaxValue, uint.MaxValue, uint.MaxValue), gzip), StringComparison.Ordinal);
        Assert.Contains("claims 4294967296 values", Refusal(IdxBytes.Header(0x0803, 65536, 65536, 1), gzip), StringComparison.Ordinal);
    }

    [Fact]
    public void More_values_than_an_array_holds_are_refused() =>
        Assert.Contains("claims 2147483647 values", Refusal(IdxBytes.Header(0x0803, int.MaxValue, 1, 1), gzip: true), StringComparison.Ordinal);

    [Fact]
    public void A_missing_file_and_a_folder_are_named()
    {
        using TempFolder folder = new();
        Assert.Contains("no such file", Sentences.Refused(() => IdxReader.Read(folder.At("none"), 1)), StringComparison.Ordinal);
        Assert.Contains("folder", Sentences.Refused(() => IdxReader.Read(folder.Root, 1)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gzip_file_that_is_damaged_or_cut_short_is_refused()
    {
        byte[] gzip = IdxBytes.Gzip(IdxBytes.Make([.. Enumerable.Range(0, 6000).Select(i => (byte)((i * i) >> 3))], 6000, 1, 1));
        byte[] damaged = [.. gzip];
        damaged.AsSpan(gzip.Length / 2, 20).Fill(0xFF);
        RefusedAsIs(damaged);
        RefusedAsIs(gzip[..(gzip.Length / 2)]);
        RefusedAsIs(gzip[..2]);
        RefusedAsIs([0x1F, 0x8B, 1, 2, 3, 4]);
    }

    [Fact]
    public void Damaged_bytes_never_cause_anything_but_a_refusal()
    {
        byte[] gzip = IdxBytes.Gzip(s_good);
        using TempFolder folder = new();
        Gen.Select(Gen.Bool, Gen.Int[0, 15], Gen.Byte).Sample(
            (compressed, place, value) =>
            {
                byte[] bytes = [.. compressed ? gzip : s_good];
                bytes[place] = value;
                try
                {
                    Assert.Equal(6, IdxReader.Read(folder.File("f", bytes), 3).Values.Length);
                }
                catch (InvalidDescriptionException)
                {
                    // The one way to say no.
                }
            },
            iter: 2000, threads: 1);
    }

    [Fact]
    public void A_gzip_bomb_costs_no_more_than_its_header_announces()
    {
        using TempFolder folder = new();
        string path = folder.At("bomb");
        using (GZipStream bomb = new(File.Create(path), CompressionLevel.Fastest))
        {
            bomb.Write(IdxBytes.Header(0x0801, 1000));
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 256; i++)
            {
                bomb.Write(zeros);
            }
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("more than the 1000 values", Sentences.Refused(() => IdxReader.Read(path, 1)), StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
    }

    private static string Refusal(byte[] content, bool gzip) => RefusedAsIs(gzip && content.Length > 0 ? IdxBytes.Gzip(content) : content);

    private static string RefusedAsIs(byte[] content)
    {
        using TempFolder folder = new();
        string path = folder.File("f", content);
        string message = Sentences.Refused(() => IdxReader.Read(path, 3));
        Assert.Contains(path, message, StringComparison.Ordinal);
        return message;
    }
}
