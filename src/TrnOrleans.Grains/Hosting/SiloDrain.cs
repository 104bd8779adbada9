using Microsoft.Extensions.Logging;
using TrnOrleans.Grains.Checkpoints;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Replicas;

namespace TrnOrleans.Grains.Hosting;

/// <summary>
/// What a silo does first when it is asked to stop: its UltraServers move to other silos at a step boundary, then the runs' own grains do.
/// Only then does it leave the cluster; so nothing of a run that goes on is computed twice or lost.
/// </summary>
internal sealed partial class SiloDrain(
    IGrainFactory grains, ReplicaStore replicas, CheckpointWriter checkpoints, LocalRuns runs, ClusterView cluster, Deadlines deadlines, TimeProvider time, ILogger<SiloDrain> log)
    : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(SiloDrain), ServiceLifecycleStage.Active, _ => Task.CompletedTask, Drain);

    private async Task Drain(CancellationToken cancellation)
    {
        replicas.Leave();
        await Try(() => replicas.Runs.Select(run => grains.GetGrain<ITrainingRun>(run).Leave(cluster.Self, cancellation)), cancellation);
        await Try(() => [checkpoints.IdleAsync()], cancellation);
        await Try(() => runs.All.Select(run => run.MoveAway(cancellation)), cancellation);
    }

    private async Task Try(Func<IEnumerable<Task>> moves, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(moves()).WaitAsync(deadlines.Drain, time, cancellation);
        }
#pragma warning disable CA1031 // The silo stops all the same; the runs notice that it is gone.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogUndrained(error.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "not everything could be moved before this silo stops: {Why}")]
    private partial void LogUndrained(string why);
}
