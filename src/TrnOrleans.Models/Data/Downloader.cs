using System.Buffers;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using Polly;
using Polly.Retry;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Models.Data;

/// <summary>How far a download is.</summary>
/// <param name="File">Which file.</param>
/// <param name="Bytes">Decompressed bytes so far.</param>
/// <param name="Total">Decompressed bytes in all.</param>
public readonly record struct DownloadProgress(string File, long Bytes, long Total);

/// <summary>Fetches a catalogue entry over HTTPS into a folder; a file appears there only when its length and SHA-256 are right.</summary>
/// <param name="http">The client; its time-out is per request.</param>
public sealed class Downloader(HttpClient http)
{
    private readonly ResiliencePipeline _retry = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>(Transient).Handle<IOException>(e => e is HttpIOException),
            MaxRetryAttempts = 2,
            BackoffType = DelayBackoffType.Exponential,
            Delay = TimeSpan.FromMilliseconds(300),
            UseJitter = true,
        })
        .Build();

    /// <summary>Downloads what is missing.</summary>
    /// <exception cref="InvalidDescriptionException">offline, refused, or not the pinned content; one sentence that says where to put the files instead.</exception>
    public async Task FetchAsync(CatalogueEntry entry, string folder, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        try
        {
            Directory.CreateDirectory(folder);
            foreach (CatalogueFile file in entry.Files.Where(f => DataCatalogue.FindFile(folder, f) is null))
            {
                await _retry.ExecuteAsync(async token => await FetchAsync(file, folder, progress, token).ConfigureAwait(false), cancellation).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException or UnauthorizedAccessException or InvalidDataException
            || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            string names = string.Join(", ", entry.Files.Select(f => f.Name));
            throw new InvalidDescriptionException(
                $"cannot download {entry.Name} ({error.Message.TrimEnd('.')}); put {names} (raw or .gz) into {folder}, or into a folder that TRN_DATA names", error);
        }
    }

    private static bool Transient(HttpRequestException error) =>
        error.StatusCode is null or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    private async Task FetchAsync(CatalogueFile file, string folder, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await http.GetAsync(file.Url, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        await using Stream body = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await using Stream content = file.Url.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(body, CompressionMode.Decompress) : body;
        await AtomicFile.WriteAsync(Path.Combine(folder, file.Name), async target =>
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
            try
            {
                long total = 0;
                for (int read; (read = await content.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
                {
                    total += read;
                    if (total > file.Bytes)
                    {
                        throw new InvalidDataException($"{file.Name} is longer than the {file.Bytes} bytes it should have");
                    }

                    hash.AppendData(buffer, 0, read);
                    await target.WriteAsync(buffer.AsMemory(0, read), cancellation).ConfigureAwait(false);
                    progress?.Report(new DownloadProgress(file.Name, total, file.Bytes));
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            if (Convert.ToHexStringLower(hash.GetHashAndReset()) != file.Sha256)
            {
                throw new InvalidDataException($"{file.Name} is not the file that was pinned: its SHA-256 differs");
            }
        }).ConfigureAwait(false);
    }
}
