using System.Security.Cryptography;
using TrnOrleans.Grains.Content;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Tests;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>Files from elsewhere are what their name says, or are not there; and they lie where this silo wants them.</summary>
public sealed class ContentStoreTests
{
    private static readonly byte[] s_bytes = [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))];

    private static ContentFile File(string name = "text.txt") => new(name, s_bytes.Length, Convert.ToHexStringLower(SHA256.HashData(s_bytes)));

    [Fact]
    public async Task A_file_arrives_whole()
    {
        using TempFolder folder = new();
        ContentStore store = new(folder.At("content"));
        Assert.False(store.Has(File().Sha256));
        await store.TakeAsync(File(), offset => Task.FromResult<ReadOnlyMemory<byte>>(s_bytes.AsMemory((int)offset, Math.Min(999, s_bytes.Length - (int)offset))));
        Assert.True(store.Has(File().Sha256));
        Assert.Equal(s_bytes, System.IO.File.ReadAllBytes(store.PathOf(File().Sha256)));
        string set = store.FolderOf([File("a"), File("b")]);
        Assert.Equal(s_bytes, System.IO.File.ReadAllBytes(Path.Combine(set, "b")));
        Assert.NotEqual(set, store.FolderOf([File("a"), File("c")]));
    }

    [Fact]
    public async Task What_is_damaged_cut_off_or_too_long_leaves_nothing()
    {
        using TempFolder folder = new();
        ContentStore store = new(folder.At("content"));
        byte[] damaged = [.. s_bytes];
        damaged[1234] ^= 1;
        foreach (Func<long, ReadOnlyMemory<byte>> read in new Func<long, ReadOnlyMemory<byte>>[]
        {
            _ => damaged, offset => offset == 0 ? s_bytes.AsMemory(0, 100) : default, _ => s_bytes.AsMemory(0, 4000),
        })
        {
            await Assert.ThrowsAsync<RunFailedException>(() => store.TakeAsync(File(), offset => Task.FromResult(read(offset))));
            Assert.False(store.Has(File().Sha256));
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder.At("content")));
        }
    }

    [Theory]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("../evil")]
    [InlineData("/etc/passwd")]
    public void Names_that_lead_elsewhere_are_refused(string name)
    {
        using TempFolder folder = new();
        ContentStore store = new(folder.At("content"));
        Assert.Throws<RunFailedException>(() => { store.FolderOf([File(name), File("b")]); });
        Assert.Throws<RunFailedException>(() => { store.PathOf(name); });
        Assert.Empty(folder.Names);
    }
}
