using System.Net;
using System.Security.Cryptography;
using TrnOrleans.Models.Data;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

public class DownloaderTests
{
    private static readonly byte[] s_content = "To be, or not to be"u8.ToArray();

    [Theory]
    [InlineData("https://data.example/toy.txt")]
    [InlineData("https://data.example/toy.txt.gz")]
    public async Task Right_content_lands_decompressed(string url)
    {
        using TempFolder folder = new();
        bool gzip = url.EndsWith(".gz", StringComparison.Ordinal);
        using FakeHandler handler = Answer(gzip ? IdxBytes.Gzip(s_content) : s_content);
        List<DownloadProgress> told = [];
        await FetchAsync(folder, handler, url, new Told(told));
        Assert.Equal(s_content, await File.ReadAllBytesAsync(folder.At("toy.txt"), TestContext.Current.CancellationToken));
        Assert.Equal(["toy.txt"], folder.Names);
        Assert.Equal(new DownloadProgress("toy.txt", s_content.Length, s_content.Length), told[^1]);
    }

    [Fact]
    public async Task A_file_that_is_there_is_not_fetched_again()
    {
        using TempFolder folder = new();
        folder.File("toy.txt.gz", "x");
        using FakeHandler handler = Answer(s_content);
        await FetchAsync(folder, handler, "https://data.example/toy.txt");
        Assert.Equal(0, handler.Calls);
    }

    [Fact]
    public async Task Wrong_short_long_and_damaged_content_leave_no_file()
    {
        await RefusedAsync(Answer([.. s_content[..^1], 33]), "SHA-256");
        await RefusedAsync(Answer(s_content[..5]), "SHA-256");
        await RefusedAsync(Answer([.. s_content, .. new byte[1 << 22]]), "longer than the 19 bytes");
        await RefusedAsync(Answer(s_content), "put toy.txt", "https://data.example/toy.txt.gz");
        await RefusedAsync(Answer(IdxBytes.Gzip([.. s_content, .. new byte[1 << 26]])), "longer than the 19 bytes", "https://data.example/toy.txt.gz");
    }

    [Fact]
    public async Task A_refusal_of_the_server_is_not_tried_again()
    {
        using FakeHandler handler = new(_ => new HttpResponseMessage(HttpStatusCode.NotFound));
        await RefusedAsync(handler, "404");
        Assert.Equal(1, handler.Calls);
    }

    [Fact]
    public async Task Offline_is_one_sentence_that_says_where_to_put_the_file()
    {
        using FakeHandler handler = new(_ => throw new HttpRequestException("Name or service not known (data.example:443)"));
        await RefusedAsync(handler, "Name or service not known");
        Assert.Equal(3, handler.Calls);
    }

    [Fact]
    public async Task A_passing_failure_is_tried_again()
    {
        using TempFolder folder = new();
        int calls = 0;
        using FakeHandler handler = new(_ => ++calls == 1
            ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable)
            : new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(s_content) });
        await FetchAsync(folder, handler, "https://data.example/toy.txt");
        Assert.Equal(["toy.txt"], folder.Names);
        Assert.Equal(2, calls);
    }

    private static FakeHandler Answer(byte[] body) => new(_ => new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(body) });

    private static async Task RefusedAsync(FakeHandler handler, string reason, string url = "https://data.example/toy.txt")
    {
        using TempFolder folder = new();
        string message = await Sentences.RefusedAsync(() => FetchAsync(folder, handler, url));
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains($"put toy.txt (raw or .gz) into {folder.Root}", message, StringComparison.Ordinal);
        Assert.Empty(folder.Names);
    }

    private static async Task FetchAsync(TempFolder folder, HttpMessageHandler handler, string url, IProgress<DownloadProgress>? progress = null)
    {
        CatalogueFile file = new("toy.txt", url, s_content.Length, Convert.ToHexStringLower(SHA256.HashData(s_content)));
        using HttpClient http = new(handler, disposeHandler: false);
        await new Downloader(http).FetchAsync(
            new CatalogueEntry("toy", "text", "a toy", "nobody", [file]), folder.Root, progress, TestContext.Current.CancellationToken);
    }

    private sealed class Told(List<DownloadProgress> list) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => list.Add(value);
    }
}
