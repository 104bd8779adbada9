using System.Collections.Concurrent;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Json;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Grains.Checkpoints;

/// <summary>
/// Takes the checkpoints of this silo's replicas beside the training: a step waits until the replica has been copied, spread over the
/// compute threads by chips, and not for the disk. One is written at a time; the next one waits for it, so that all are there.
/// </summary>
internal sealed class CheckpointWriter(
    CheckpointRoot root, ComputeEngine engine, RunJournals journals, IGrainFactory grains, Deadlines deadlines, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>Copies a replica, and leaves the rest to itself: what becomes of it, the run and the journal are told.</summary>
    /// <param name="order">Of the UltraServer.</param>
    /// <param name="ticket">Its step is the number of committed steps.</param>
    /// <param name="replica">Stands at that step until this returns.</param>
    /// <param name="expected">Digest of the replica as its last step left it, where it is known.</param>
    /// <param name="cancellation">Gives up.</param>
    internal async Task TakeAsync(PrepareOrder order, StepTicket ticket, Replica replica, string? expected, CancellationToken cancellation)
    {
        Slot slot = _slots.GetOrAdd(order.Run, _ => new Slot());
        try
        {
            await slot.Writing.WaitAsync(deadlines.Control, time, cancellation);
        }
        catch (TimeoutException)
        {
            // A disk that hangs costs checkpoints, and not the run.
            await TellAsync(order, ticket, null, new CheckpointReport(ticket.Step, order.Options.Checkpoints!.Folder, 0, 0, "the one before is still being written"));
            return;
        }

        CheckpointSnapshot snapshot = slot.Snapshot ??= new CheckpointSnapshot(replica.Parts, replica.Length);
        int chips = replica.Spec.Cluster.Chips;
        await Task.WhenAll(Enumerable.Range(0, chips).Select(chip => engine.RunAsync(() => replica.CopyTo(snapshot, ticket.Generation, chip))));
        snapshot.Commits = replica.Commits.From(0);
        (long, long)[] slices = [.. Enumerable.Range(0, chips).Select(replica.Shard)];

        // What has been copied is written, whatever becomes of the generation.
        slot.Writing = Task.Run(() => WriteAsync(order, ticket, snapshot, slices, expected), CancellationToken.None);
    }

    /// <summary>Returns when nothing of a run is being written any more.</summary>
    internal Task IdleAsync(string run) => _slots.TryGetValue(run, out Slot? slot) ? slot.Writing : Task.CompletedTask;

    /// <summary>The same for all runs.</summary>
    internal Task IdleAsync() => Task.WhenAll(_slots.Values.Select(slot => slot.Writing));

    /// <summary>Gives back a run's memory, when what is being written is on the disk.</summary>
    internal async Task CloseAsync(string run)
    {
        if (_slots.TryRemove(run, out Slot? slot))
        {
            // Also when nobody waits for it any more: it reads the copy until its end.
            Task gone = slot.Writing.ContinueWith(_ => slot.Snapshot?.Dispose(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await gone.WaitAsync(deadlines.Step, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        foreach (Slot slot in _slots.Values.Where(slot => slot.Writing.IsCompleted))
        {
            slot.Snapshot?.Dispose();
        }
    }

    /// <summary>Never throws.</summary>
    private async Task WriteAsync(PrepareOrder order, StepTicket ticket, CheckpointSnapshot snapshot, (long First, long Length)[] slices, string? expected)
    {
        CheckpointOptions options = order.Options.Checkpoints!;
        long begun = time.GetTimestamp();
        try
        {
            CheckpointFolder folder = root.Open(options.Folder);
            CheckpointManifest head = new()
            {
                Format = CheckpointManifest.CurrentFormat,
                Run = order.Run,
                Step = ticket.Step,
                Digest = string.Empty,
                Every = options.Every,
                Keep = options.Keep,
                Tensors = CheckpointFiles.Tensors(snapshot.Parts.Count - 1),
                Shards = [],
                HistorySha256 = string.Empty,
                Spec = StrictJson.Read<RunSpec>(order.Spec, "the run's spec"),
            };
            (CheckpointManifest written, long bytes) = CheckpointFiles.Write(folder, snapshot, slices, head, expected);
            double seconds = time.GetElapsedTime(begun).TotalSeconds;
            await TellAsync(order, ticket, written.Digest, new CheckpointReport(ticket.Step, folder.PathOf(ticket.Step), bytes, seconds, null)).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is, it costs a checkpoint, and not the run.
        catch (Exception error)
#pragma warning restore CA1031
        {
            await TellAsync(order, ticket, null, new CheckpointReport(ticket.Step, options.Folder, 0, 0, error.Message.TrimEnd('.'))).ConfigureAwait(false);
        }
    }

    private async Task TellAsync(PrepareOrder order, StepTicket ticket, string? digest, CheckpointReport report)
    {
        if (order.Options.Journals)
        {
            journals.Write(order.Run, digest is null
                ? new CheckpointFailed(ticket.Generation, ticket.Step, report.Failure!)
                : new CheckpointWritten(ticket.Generation, ticket.Step, digest, report.Folder, report.Bytes, report.Seconds));
        }

        try
        {
            await GrainRetries.ExecuteAsync(() => grains.GetGrain<ITrainingRun>(order.Run).Checkpointed(ticket, report, CancellationToken.None).WaitAsync(deadlines.Report, time));
        }
        catch (Exception error) when (error is TimeoutException or OrleansException)
        {
            // It is on the disk all the same, or is not.
        }
    }

    private sealed class Slot
    {
        internal CheckpointSnapshot? Snapshot { get; set; }

        internal Task Writing { get; set; } = Task.CompletedTask;
    }
}
