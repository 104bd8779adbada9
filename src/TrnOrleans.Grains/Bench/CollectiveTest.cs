using Orleans.Concurrency;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;

namespace TrnOrleans.Grains.Bench;

/// <summary>Conducts a measurement: lays it out as a run is laid out, lets all start, asks what they saw.</summary>
[Reentrant]
internal sealed class CollectiveTest(ClusterView cluster, Deadlines deadlines, TimeProvider time) : Grain, ICollectiveTest
{
    private string Test => this.GetPrimaryKeyString();

    public async Task<CollectiveResult> Measure(CollectiveOrder order, CancellationToken cancellation)
    {
        if (order.UltraServers < 1 || order.Chips < 1 || order.Length < 1 || order.Length > int.MaxValue || order.Iterations < 1 || order.WarmUp < 0)
        {
            throw new RunFailedException("a measurement needs UltraServers, chips, floats and iterations, at least one of each");
        }

        PlacementPlan plan = PlacementPlan.Even(order.UltraServers, cluster.Active);
        try
        {
            await OnAll(plan, index => UltraServerPlacementDirector.On(
                plan.ShareOf(index).Silo, () => Server(index).Prepare(order, plan, index, cancellation)));
            double[] microseconds = await OnAll(plan, index => Server(index).Run(cancellation));
            LinkTraffic[] links = [.. (await OnAll(plan, index => Server(index).Traffic(cancellation))).SelectMany(l => l)];
            if (order.Check)
            {
                await OnAll(plan, index => Server(index).Fill(cancellation));
            }

            long? wrong = order.Check ? (await OnAll(plan, index => Server(index).Check(cancellation))).Sum() : null;
            int each = order.Iterations + order.WarmUp;
            return new CollectiveResult(
                microseconds.Max(), wrong, [.. links.Select(l => l with { Blocks = l.Blocks / each, Bytes = l.Bytes / each })], plan.Shares.Count);
        }
        finally
        {
            await Task.WhenAll(Enumerable.Range(0, plan.UltraServers).Select(index => Server(index).Close(CancellationToken.None)))
                .WaitAsync(deadlines.Control, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private ICollectiveServer Server(int index) => GrainFactory.GetGrain<ICollectiveServer>(GrainKeys.UltraServer(Test, 1, index));

    private Task<T[]> OnAll<T>(PlacementPlan plan, Func<int, Task<T>> call) =>
        Task.WhenAll(Enumerable.Range(0, plan.UltraServers).Select(call)).WaitAsync(deadlines.Prepare, time);

    private Task OnAll(PlacementPlan plan, Func<int, Task> call) =>
        Task.WhenAll(Enumerable.Range(0, plan.UltraServers).Select(call)).WaitAsync(deadlines.Prepare, time);
}
