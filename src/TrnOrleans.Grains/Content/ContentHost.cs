using Orleans.Concurrency;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;

namespace TrnOrleans.Grains.Content;

/// <summary>Gives and takes this silo's files.</summary>
[SiloPlacement, Reentrant]
internal sealed class ContentHost(ContentStore store) : Grain, IContentHost, IAsyncDisposable
{
    private readonly Dictionary<Guid, ContentUpload> _uploads = [];

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

    public async Task Write(Guid upload, ContentFile file, long offset, ReadOnlyMemory<byte> block, CancellationToken cancellation)
    {
        if (store.Has(file.Sha256))
        {
            // Somebody else has brought it meanwhile.
            await Drop(upload);
            return;
        }

        if (offset == 0)
        {
            await Drop(upload);
            _uploads[upload] = store.Begin(file);
        }

        if (!_uploads.TryGetValue(upload, out ContentUpload? taken) || taken.Length != offset)
        {
            throw new RunFailedException($"a block of {file.Name} was lost on its way; start the run again");
        }

        try
        {
            if (file.Length > 0)
            {
                await taken.AddAsync(block);
            }

            if (taken.Length == file.Length)
            {
                taken.Commit();
                await Drop(upload);
            }
        }
        catch
        {
            await Drop(upload);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Guid upload in _uploads.Keys.ToArray())
        {
            await Drop(upload);
        }
    }

    private async Task Drop(Guid upload)
    {
        if (_uploads.Remove(upload, out ContentUpload? dropped))
        {
            await dropped.DisposeAsync();
        }
    }
}
