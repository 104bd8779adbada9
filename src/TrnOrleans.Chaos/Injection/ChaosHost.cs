using Orleans.Concurrency;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;

namespace TrnOrleans.Chaos.Injection;

/// <summary>Carries out <see cref="IChaosHost"/>.</summary>
[SiloPlacement, Reentrant]
internal sealed class ChaosHost(ChaosRuns runs, ClusterView cluster) : Grain, IChaosHost
{
    public Task Inject(string run, string rule, CancellationToken cancellation)
    {
        FaultRule read = FaultManifest.Read($$"""{"faults":[{{rule}}]}""", "the fault").Faults[0];
        if (FaultKinds.Find(read.Kind) is { NeedsPermission: true } && !runs.AllowsKill)
        {
            throw new RunFailedException($"the silo at {ClusterView.ForPeople(cluster.Self)} was started without --allow-chaos true, and is not killed");
        }

        if (!runs.Inject(run, read))
        {
            throw new RunFailedException($"nothing of run {run} is on the silo at {ClusterView.ForPeople(cluster.Self)}");
        }

        return Task.CompletedTask;
    }
}
