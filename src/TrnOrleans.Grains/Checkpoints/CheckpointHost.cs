using Orleans.Concurrency;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Grains.Checkpoints;

/// <summary>Reads checkpoints for whoever lays a run out anew; the disk is waited for on other threads than grains'.</summary>
[SiloPlacement, Reentrant]
internal sealed class CheckpointHost(CheckpointRoot root, CheckpointWriter writer, ClusterView cluster, Deadlines deadlines, TimeProvider time) : Grain, ICheckpointHost
{
    private Reading? _reading;

    private sealed record Reading(string Folder, CheckpointManifest Manifest);

    public Task Begin(string folder, CancellationToken cancellation) => OnDisk(folder, found =>
    {
        if (CheckpointFiles.Steps(found) is [var newest, ..])
        {
            throw new RunFailedException($"{folder} has checkpoints already, the newest after {newest} steps; `trn resume {folder}` goes on from it, or choose another --checkpoint-dir");
        }

        Directory.CreateDirectory(found.Root);
        AtomicFile.CheckWritable(Path.Combine(found.Root, "probe"));
        return true;
    });

    public async Task<CheckpointSurvey> Newest(string folder, string? spec, CancellationToken cancellation)
    {
        // One that is on its way to the disk will be the newest; a disk that hangs is not waited for.
        await writer.IdleAsync().WaitAsync(deadlines.Control, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return await OnDisk(folder, found => CheckpointFiles.Survey(found, folder, cluster.Self, spec));
    }

    public Task<TensorBlock> Read(string folder, long step, int part, long offset, int length, CancellationToken cancellation) => OnDisk(folder, found =>
    {
        // Asked for block by block: the manifest is read for the first. Should the files change in between, the copy's digest says it.
        Reading reading = _reading is { } last && last.Folder == folder && last.Manifest.Step == step ? last : new Reading(folder, CheckpointFiles.ReadManifest(found, step));
        _reading = reading;
        TensorBlock block = new(length);
        CheckpointFiles.Read(found, reading.Manifest, part, offset, block.Span);
        return block;
    });

    private Task<T> OnDisk<T>(string folder, Func<CheckpointFolder, T> work)
    {
        CheckpointFolder found = root.Open(folder);
        return Task.Run(() =>
        {
            try
            {
                return work(found);
            }
            catch (InvalidWeightsException error)
            {
                throw new RunFailedException(error.Message);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new RunFailedException($"{folder} cannot be used for checkpoints: {error.Message.TrimEnd('.')}");
            }
        });
    }
}
