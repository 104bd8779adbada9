using System.Net;
using System.Security.Cryptography;
using TrnOrleans.Models.Data;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

public class CatalogueTests
{
    private static readonly CatalogueEntry s_shakespeare = DataCatalogue.Find("tinyshakespeare")!;
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_entry_is_complete()
    {
        Assert.NotEmpty(DataCatalogue.Entries);
        Assert.Equal(DataCatalogue.Entries.Count, DataCatalogue.Entries.Select(e => e.Name).Distinct().Count());
        foreach (CatalogueEntry entry in DataCatalogue.Entries)
        {
            Assert.Contains(entry.Kind, new[] { "text", "images" });
            Assert.All(entry.Files, file =>
            {
                Assert.StartsWith("https://", file.Url, StringComparison.Ordinal);
                Assert.Matches("^[0-9a-f]{64}$", file.Sha256);
                Assert.True(file.Bytes > 0);
            });
        }
    }

    [Fact]
    public void Files_are_found_in_the_roots_in_order()
    {
        using TempFolder folder = new();
        DataCatalogue catalogue = new([folder.At("one"), folder.At("two")]);
        Assert.Null(catalogue.Locate(s_shakespeare));
        folder.File("two/tinyshakespeare/tinyshakespeare.txt.gz", "x");
        Assert.Equal(folder.At("two/tinyshakespeare"), catalogue.Locate(s_shakespeare));
        folder.File("one/tinyshakespeare.txt", "x");
        Assert.Equal(folder.At("one"), catalogue.Locate(s_shakespeare));
        Assert.Equal(folder.At("two"), catalogue.CacheFolder);
    }

    [Fact]
    public async Task A_file_of_other_content_under_the_name_is_refused()
    {
        using TempFolder folder = new();
        folder.File("tinyshakespeare.txt", "To be or not to be");
        string message = await Sentences.RefusedAsync(() => LoadAsync(folder, null, "tinyshakespeare"));
        Assert.Contains("SHA-256", message, StringComparison.Ordinal);
        Assert.Contains(folder.At("tinyshakespeare.txt"), message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_of_other_content_under_the_name_are_refused()
    {
        using TempFolder folder = new();
        IdxBytes.WriteFolder(folder, 10, 5);
        Assert.Contains("SHA-256", await Sentences.RefusedAsync(() => LoadAsync(folder, null, "mnist")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_downloader_the_place_for_the_files_is_named()
    {
        using TempFolder folder = new();
        Assert.Contains(folder.At("tinyshakespeare"), await Sentences.RefusedAsync(() => LoadAsync(folder, null, "tinyshakespeare")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tinyshakespear", "tinyshakespeare")]
    [InlineData("minst", "mnist")]
    [InlineData("sauce", "source")]
    public async Task A_mistyped_name_gets_the_nearest(string typed, string meant)
    {
        using TempFolder folder = new();
        Assert.EndsWith($"the nearest known name is {meant}", await Sentences.RefusedAsync(() => LoadAsync(folder, null, typed)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_real_text_is_accepted_raw_and_downloaded()
    {
        string? root = Environment.GetEnvironmentVariable("TRN_DATA");
        string real = Path.Combine(root ?? string.Empty, "tinyshakespeare.txt");
        Assert.SkipUnless(root is not null && File.Exists(real), "TRN_DATA names no folder with tinyshakespeare.txt");
        byte[] bytes = await File.ReadAllBytesAsync(real, Cancellation);
        Assert.Equal(s_shakespeare.Files[0].Bytes, bytes.Length);
        Assert.Equal(s_shakespeare.Files[0].Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        using TempFolder folder = new();
        using FakeHandler handler = new(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(bytes) });
        IDataset data = await LoadAsync(folder, handler, "tinyshakespeare");
        Assert.Equal(65, data.Vocabulary!.Count);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(folder.At("tinyshakespeare/tinyshakespeare.txt"), Cancellation));
        await LoadAsync(folder, handler, "tinyshakespeare");
        Assert.Equal(1, handler.Calls);
    }

    internal static Task<IDataset> LoadAsync(TempFolder folder, HttpMessageHandler? handler, string source)
    {
        Downloader? downloader = handler is null ? null : new Downloader(new HttpClient(handler, disposeHandler: false));
        return new DatasetLoader(new DataCatalogue([folder.Root]), downloader).LoadAsync(source, 0.1, null, null, Cancellation);
    }
}
