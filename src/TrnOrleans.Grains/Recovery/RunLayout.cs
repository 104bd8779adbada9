using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;

namespace TrnOrleans.Grains.Recovery;

/// <summary>A run's hands on the silos: halts what is there, finds what is whole, prepares what comes, and gives memory back.</summary>
/// <remarks>Runs on the scheduler of the run's grain. Never waits longer for a silo than the membership needs to find it lost.</remarks>
internal sealed class RunLayout(string run, IGrainFactory grains, ClusterView cluster, Deadlines deadlines, TimeProvider time)
{
    /// <summary>Halts all that works in a generation below the given one, on every silo that is there.</summary>
    /// <param name="below">The generation that is about to begin.</param>
    /// <param name="placed">The generation that trained last.</param>
    /// <param name="from">Commits from this step on are wanted.</param>
    internal async Task<Survey> HaltAsync(int below, int placed, long from)
    {
        HaltReport?[] answers = await Task.WhenAll(cluster.Active.Select(silo => Answer(silo, () => Host(silo).Halt(run, below, from, CancellationToken.None))));
        return Survey.Of(answers, placed);
    }

    /// <summary>Lets every UltraServer of a generation build, take over or copy its replica.</summary>
    /// <param name="orders">In order of the UltraServers.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SiloUnavailableException">a silo of the plan is lost.</exception>
    internal async Task PrepareAsync(IReadOnlyList<PrepareOrder> orders, CancellationToken cancellation)
    {
        PlacementPlan plan = orders[0].Plan;
        Task all = Task.WhenAll(orders.Select(order =>
            UltraServerPlacementDirector.On(plan.ShareOf(order.UltraServer).Silo, () => Server(order.Generation, order.UltraServer).Prepare(order, cancellation))));
        await UntilLost(all.WaitAsync(deadlines.Prepare, time, cancellation), [.. plan.Shares.Select(s => s.Silo)]);
    }

    /// <summary>Starts the loops of a generation.</summary>
    /// <exception cref="SiloUnavailableException">a silo of the plan is lost.</exception>
    internal async Task TrainAsync(PlacementPlan plan, StepTicket first)
    {
        Task all = Task.WhenAll(Enumerable.Range(0, plan.UltraServers).Select(index => Server(first.Generation, index).Train(first, CancellationToken.None)));
        await UntilLost(all.WaitAsync(deadlines.Control, time), [.. plan.Shares.Select(s => s.Silo)]);
    }

    /// <summary>Gives back the memory of all generations below one, on every silo that is there.</summary>
    internal Task CloseAsync(int below) => Task.WhenAll(cluster.Active.Select(silo => Answer(silo, async () =>
    {
        await Host(silo).Close(run, below, CancellationToken.None);
        return true;
    })));

    /// <summary>Makes the folder of checkpoints of a run that begins, on every silo that is there.</summary>
    /// <exception cref="RunFailedException">one cannot write it, or finds checkpoints in it.</exception>
    internal Task BeginCheckpointsAsync(string folder) => Task.WhenAll(
        cluster.Active.Select(silo => grains.GetGrain<ICheckpointHost>(silo).Begin(folder, CancellationToken.None).WaitAsync(deadlines.Control, time)));

    /// <summary>The newest whole checkpoint of a run that any silo reaches, and why newer ones are not used.</summary>
    /// <exception cref="SiloUnavailableException">a silo does not answer, and may have a newer one.</exception>
    internal async Task<CheckpointSurvey> NewestCheckpointAsync(string folder, string spec)
    {
        CheckpointSurvey?[] answers = await Task.WhenAll(cluster.Active.Select(silo => Answer(silo, async () =>
        {
            try
            {
                return await grains.GetGrain<ICheckpointHost>(silo).Newest(folder, spec, CancellationToken.None);
            }
            catch (RunFailedException error)
            {
                // Its disk is broken; another silo's need not be.
                return new CheckpointSurvey(null, [new RefusedCheckpoint(-1, error.Message)]);
            }
        })));
        return answers.Contains(null)
            ? throw new SiloUnavailableException("a silo does not answer")
            : new CheckpointSurvey(answers.Select(f => f!.Newest).MaxBy(f => f?.Step ?? -1), [.. answers.SelectMany(f => f!.Refused).Distinct()]);
    }

    /// <summary>Asks the silos of a plan in turn, until one can answer.</summary>
    /// <exception cref="RunFailedException">none can.</exception>
    internal async Task<T> AskAnyAsync<T>(PlacementPlan plan, Func<IReplicaHost, SiloShare, Task<T>> ask)
    {
        foreach (SiloShare share in plan.Shares.Where(s => cluster.Active.Contains(s.Silo)))
        {
            try
            {
                return await ask(Host(share.Silo), share).WaitAsync(deadlines.Control, time);
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or StaleMessageException)
            {
                // Going, or gone since; another has the same bits.
            }
        }

        throw new RunFailedException($"the weights of run {run} are no longer in the cluster's memory");
    }

    private IUltraServer Server(int generation, int index) => grains.GetGrain<IUltraServer>(GrainKeys.UltraServer(run, generation, index));

    private IReplicaHost Host(string silo) => grains.GetGrain<IReplicaHost>(silo);

    /// <summary>What a silo answers; nothing when it cannot be reached, or is found lost meanwhile.</summary>
    private async Task<T?> Answer<T>(string silo, Func<Task<T>> ask)
    {
        try
        {
            Task<T> answer = ask();
            await UntilLost(answer.WaitAsync(deadlines.Step, time), [silo]);
            return await answer;
        }
        catch (Exception error) when (error is OrleansException or TimeoutException or ObjectDisposedException)
        {
            return default;
        }
    }

    private async Task UntilLost(Task work, IReadOnlyList<string> silos)
    {
        while (await Task.WhenAny(work, Task.Delay(deadlines.Watch, time)) != work)
        {
            if (silos.FirstOrDefault(cluster.IsLost) is { } lost)
            {
                work.Ignore();
                throw new SiloUnavailableException($"silo {ClusterView.ForPeople(lost)} was lost");
            }
        }

        await work;
    }
}
