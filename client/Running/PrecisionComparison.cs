using TrnOrleans.Client.Options;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Precision;

namespace TrnOrleans.Client.Running;

/// <summary>The same spec under each of some recipes and with each of some seeds, one run after the other on a silo in this process.</summary>
internal sealed class PrecisionComparison(RunSpec spec, double? epochs, string system, int threads)
{
    /// <summary>Runs them all, or as many as there is time for; one that diverges is part of the answer.</summary>
    /// <param name="precisions">Recipes, by their names.</param>
    /// <param name="seeds">Seeds.</param>
    /// <param name="told">Told about each run when it is over.</param>
    /// <param name="cancellation">Ends the run that is under way, and the comparison.</param>
    /// <returns>Those that came to their end.</returns>
    internal async Task<IReadOnlyList<PrecisionRun>> RunAsync(
        IReadOnlyList<(string Name, PrecisionSpec Spec)> precisions, IReadOnlyList<ulong> seeds, Action<PrecisionRun> told, CancellationToken cancellation)
    {
        using DataAccess data = new();
        await using EmbeddedCluster cluster = await EmbeddedCluster.StartAsync(threads, data.Loader, cancellation);
        List<PrecisionRun> runs = [];
        foreach (ulong seed in seeds)
        {
            foreach ((string name, PrecisionSpec precision) in precisions)
            {
                RunSpec one = spec with { Precision = precision, Training = spec.Training with { Seed = seed } };
                try
                {
                    runs.Add(await OneAsync(name, one, data, cluster, cancellation));
                }
                catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
                {
                    return runs;
                }

                told(runs[^1]);
            }
        }

        return runs;
    }

    private async Task<PrecisionRun> OneAsync(string name, RunSpec one, DataAccess data, EmbeddedCluster cluster, CancellationToken cancellation)
    {
        LocalRun local = await LocalRun.LoadAsync(one, epochs, data, threads, keepsCheckpoints: false, cancellation);
        using ModelledRun modelled = new(local.Facts, new ClockChoices(system, null));
        ITrainingRun run = await local.StartAsync(cluster, RunOptions.None, cancellation);
        List<double> losses = [];
        ValidationEvent? validation = null;
        string? failure = null;
        (long skipped, double rate) = (0, 0);
        await foreach (RunEvent happened in RunFollower.FollowAsync(run, cancellation))
        {
            switch (happened)
            {
                case StepEvent step:
                    losses.Add(step.Loss);
                    skipped = step.SkippedSteps;
                    break;
                case ValidationEvent read:
                    validation = read;
                    break;
                case FailedEvent failed:
                    (failure, validation) = (failed.Message, null);
                    break;
                case EndEvent end:
                    rate = end.RowsPerSecond;
                    break;
            }
        }

        await run.Close(CancellationToken.None);
        GC.KeepAlive(local);
        return new PrecisionRun(name, one.Training.Seed, losses, validation, skipped, rate, modelled.Clock.Undisturbed.Seconds, failure);
    }
}
