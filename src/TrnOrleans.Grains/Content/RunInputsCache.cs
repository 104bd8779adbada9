using System.Collections.Concurrent;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Grains.Content;

/// <summary>What the runs of this silo read, once for all their replicas; files that the silo lacks come from another silo.</summary>
/// <param name="loader">Reads data.</param>
/// <param name="store">Files of this silo.</param>
/// <param name="grains">To reach other silos.</param>
/// <param name="cluster">Which silos there are.</param>
public sealed class RunInputsCache(DatasetLoader loader, ContentStore store, IGrainFactory grains, ClusterView cluster)
{
    private readonly ConcurrentDictionary<string, Task<RunInputs>> _loading = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, WeakReference<RunInputs>> _loaded = new(StringComparer.Ordinal);

    /// <summary>Inputs that were loaded in this process already, so that they are not read twice; the caller keeps them alive.</summary>
    public void Share(string spec, RunInputs inputs) => _loaded[spec] = new WeakReference<RunInputs>(inputs);

    /// <summary>Reads and checks what a run refers to; a failure is not kept, so that a missing file may be put right.</summary>
    /// <exception cref="RunFailedException">no silo has a file.</exception>
    public async Task<RunInputs> GetAsync(string spec, RunContent content, CancellationToken cancellation)
    {
        // Replicas keep what they use alive; when the last one is gone, so is the memory.
        if (_loaded.TryGetValue(spec, out WeakReference<RunInputs>? known) && known.TryGetTarget(out RunInputs? inputs))
        {
            return inputs;
        }

        Task<RunInputs> loading = _loading.GetOrAdd(spec, text => LoadAsync(text, content));
        try
        {
            inputs = await loading.WaitAsync(cancellation).ConfigureAwait(false);
            _loaded[spec] = new WeakReference<RunInputs>(inputs);
            return inputs;
        }
        finally
        {
            if (loading.IsCompleted)
            {
                _loading.TryRemove(new KeyValuePair<string, Task<RunInputs>>(spec, loading));
            }
        }
    }

    private async Task<RunInputs> LoadAsync(string text, RunContent content)
    {
        // Off the caller's scheduler: reading and hashing takes its time.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        foreach (ContentFile file in content.Init is null ? content.Data : [.. content.Data, content.Init])
        {
            if (!store.Has(file.Sha256))
            {
                await FetchAsync(file).ConfigureAwait(false);
            }
        }

        RunSpec spec = StrictJson.Read<RunSpec>(text, "the run's spec");
        string? data = content.Data switch
        {
            [] => null,
            [var one] => store.PathOf(one.Sha256),
            _ => store.FolderOf(content.Data),
        };
        return await RunInputs.LoadAsync(
            spec, loader, new LocalFiles(data, content.Init is null ? null : store.PathOf(content.Init.Sha256)), null, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task FetchAsync(ContentFile file)
    {
        foreach (string silo in cluster.Active.Where(silo => silo != cluster.Self))
        {
            IContentHost host = grains.GetGrain<IContentHost>(silo);
            try
            {
                if (await host.Has(file.Sha256, CancellationToken.None).ConfigureAwait(false))
                {
                    await store.TakeAsync(file, offset => host.Read(file.Sha256, offset, CancellationToken.None)).ConfigureAwait(false);
                    return;
                }
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or RunFailedException or IOException)
            {
                // That silo is going; another may have it.
            }
        }

        throw new RunFailedException($"no silo of this cluster has {file.Name} (SHA-256 {file.Sha256}); start the run from a console that has it");
    }
}
