using Orleans.Concurrency;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;

namespace TrnOrleans.Grains.Content;

/// <summary>Gives and takes this silo's files.</summary>
[SiloPlacement, Reentrant]
internal sealed class ContentHost(ContentStore store) : Grain, IContentHost, IAsyncDisposable
{
    private readonly Dictionary<string, ContentUpload> _uploads = new(StringComparer.Ordinal);

    public Task<bool> Has(string sha256, CancellationToken cancellation) => Task.FromResult(store.Has(sha256));

    public async Task<ReadOnlyMemory<byte>> Read(string sha256, long offset, CancellationToken cancellation)
    {
        if (!store.Has(sha256))
        {
            throw new RunFailedException($"this silo has no file {sha256}");
        }

        await using FileStream stream = File.OpenRead(store.PathOf(sha256));
        byte[] block = new byte[Math.Clamp(stream.Length - offset, 0, IContentHost.BlockLength)];
        stream.Position = offset;
        await stream.ReadExactlyAsync(block, cancellation);
        return block;
    }

    public async Task Write(ContentFile file, long offset, ReadOnlyMemory<byte> block, CancellationToken cancellation)
    {
        if (store.Has(file.Sha256))
        {
            // Somebody else has brought it meanwhile.
            return;
        }

        if (offset == 0)
        {
            await Drop(file.Sha256);
            _uploads[file.Sha256] = store.Begin(file);
        }

        if (!_uploads.TryGetValue(file.Sha256, out ContentUpload? upload) || upload.Length != offset)
        {
            throw new RunFailedException($"{file.Name} is being published by somebody else, too; start the run again");
        }

        try
        {
            if (file.Length > 0)
            {
                await upload.AddAsync(block);
            }

            if (upload.Length == file.Length)
            {
                upload.Commit();
                await Drop(file.Sha256);
            }
        }
        catch
        {
            await Drop(file.Sha256);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (string sha256 in _uploads.Keys.ToArray())
        {
            await Drop(sha256);
        }
    }

    private async Task Drop(string sha256)
    {
        if (_uploads.Remove(sha256, out ContentUpload? upload))
        {
            await upload.DisposeAsync();
        }
    }
}
