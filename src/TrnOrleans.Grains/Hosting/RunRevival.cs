using Microsoft.Extensions.Logging;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Hosting;

/// <summary>
/// What a silo does when it has come up: it wakes the runs that should be running. Where all silos have ended at once nobody else would,
/// and the runs go on from their checkpoints; those that have a home already do not mind.
/// </summary>
internal sealed partial class RunRevival(IGrainFactory grains, Deadlines deadlines, TimeProvider time, ILogger<RunRevival> log)
    : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource _leaving = new();

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(RunRevival),
        ServiceLifecycleStage.Active,
        _ =>
        {
            // Not awaited: the silo is up, whatever becomes of its past.
            Wake(_leaving.Token).Ignore();
            return Task.CompletedTask;
        },
        _ => _leaving.CancelAsync());

    public void Dispose() => _leaving.Dispose();

    private async Task Wake(CancellationToken cancellation)
    {
        // Off the start-up: the membership must know this silo first.
        await Task.Delay(deadlines.Watch, time, cancellation).ConfigureAwait(false);
        long begun = time.GetTimestamp();
        while (true)
        {
            try
            {
                foreach (RunStatus run in await grains.GetGrain<IRunDirectory>(IRunDirectory.Key).List(cancellation).WaitAsync(deadlines.Control, time, cancellation).ConfigureAwait(false))
                {
                    if (run.State is RunState.Running or RunState.Preparing)
                    {
                        await Wake(run.Id, cancellation).ConfigureAwait(false);
                    }
                }

                return;
            }
            catch (Exception error) when (error is OrleansException or TimeoutException && time.GetElapsedTime(begun) < deadlines.Recovery)
            {
                // Silos of the past are still in the membership, and the directory is where one of them was.
                await Task.Delay(deadlines.Watch, time, cancellation).ConfigureAwait(false);
            }
            catch (Exception error) when (error is OrleansException or TimeoutException)
            {
                LogUnwoken(error.Message);
                return;
            }
        }
    }

    /// <summary>One that cannot be woken does not keep the others asleep.</summary>
    private async Task Wake(string run, CancellationToken cancellation)
    {
        try
        {
            await grains.GetGrain<ITrainingRun>(run).Status(cancellation).WaitAsync(deadlines.Control, time, cancellation).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is: it is said, and the next one comes.
        catch (Exception error) when (error is not OperationCanceledException)
#pragma warning restore CA1031
        {
            LogAsleep(run, error.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "run {Run} should go on, and cannot be woken: {Why}")]
    private partial void LogAsleep(string run, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "runs that should go on cannot be looked up: {Why}")]
    private partial void LogUnwoken(string why);
}
