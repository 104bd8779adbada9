using System.Text.Json;
using TrnOrleans.Client.Output;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Text;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Client.Running;

/// <summary>Starts a run in this process or on a cluster, follows it, saves and sums up.</summary>
internal sealed class RunStarter(bool json, StopSignals signals)
{
    private const int SampleLength = 240;

    // A taste, not a benchmark: large networks get a shorter one.
    private static readonly TimeSpan s_sampleTime = TimeSpan.FromSeconds(3);

    /// <summary>On a silo in this process.</summary>
    /// <param name="request">What to run.</param>
    /// <param name="threads">Compute threads.</param>
    /// <returns>The exit code.</returns>
    internal async Task<int> HereAsync(RunRequest request, int threads)
    {
        using DataAccess data = new();
        LocalRun local = await LocalRun.LoadAsync(request.Spec, request.Epochs, data, threads, request.Options.Checkpoints is not null, signals.Asked);
        using ModelledRun modelled = new(local.Facts, request.Clock);
        IRunView view = RunViews.Choose(json);
        using IDisposable? closing = view as IDisposable;

        await using EmbeddedCluster cluster = await EmbeddedCluster.StartAsync(threads, data.Loader, signals.Asked, request.Journal);
        view.Starting(local.Facts);
        ITrainingRun run = await local.StartAsync(cluster, request.Options, signals.Asked);
        using CancellationTokenRegistration stop = signals.Asked.Register(() =>
        {
            _ = run.Stop(CancellationToken.None);
            view.Stopping();
        });
        int exitCode = await new RunSession(run, local.Facts, modelled, view, signals)
            .FollowAsync(request.Save, () => Task.FromResult(local.Inputs.Dataset.Vocabulary), Sampler(local.Inputs, threads));
        await run.Close(CancellationToken.None);
        GC.KeepAlive(local);
        return exitCode;
    }

    /// <summary>On a cluster.</summary>
    /// <param name="request">What to run.</param>
    /// <param name="cluster">Where.</param>
    /// <param name="id">Name of the run; null for a new one.</param>
    /// <param name="detach">Whether to return as soon as it has started.</param>
    /// <returns>The exit code.</returns>
    internal async Task<int> ThereAsync(RunRequest request, RemoteCluster cluster, string? id, bool detach)
    {
        using DataAccess data = new();
        RunInputs inputs = (await data.LoadAsync(request.Spec, signals.Asked)).WithEpochs(request.Epochs);
        id ??= RunIds.New(TimeProvider.System);
        RunFacts facts = new(inputs.Spec, inputs.Network, $"{inputs.Dataset.Name}: {inputs.Dataset.Summary}", $"cluster {cluster.Name}", null, id);
        using ModelledRun modelled = new(facts, request.Clock);
        string specText = JsonSerializer.Serialize(inputs.Spec, StrictJson.Compact);
        RunContent content = await new ContentPublisher(cluster, data.Loader).PublishAsync(inputs.Spec, signals.Asked);
        ITrainingRun run = cluster.Grains.GetGrain<ITrainingRun>(id);
        IRunView view = RunViews.Choose(json);
        using IDisposable? closing = view as IDisposable;
        Task started = RunFollower.StartAsync(run, specText, content, request.Options, signals.Asked);
        if (detach)
        {
            await started;
            view.Detached(id);
            return Failures.Success;
        }

        view.Starting(facts);
        try
        {
            await started;
        }
        catch (OperationCanceledException) when (signals.Asked.IsCancellationRequested)
        {
            view.Detached(id);
            return signals.ExitCode;
        }

        RunSession session = new(run, facts, modelled, view, signals);
        int exitCode;
        try
        {
            exitCode = await session.FollowAsync(request.Save, () => Task.FromResult(inputs.Dataset.Vocabulary), Sampler(inputs, Environment.ProcessorCount));
        }
        catch (RunFailedException) when (request.Journal is not null)
        {
            // Of a run that failed they are wanted most.
            await JournalCollector.SaveAsync(cluster, id, request.Journal);
            throw;
        }

        if (!session.Detached && request.Journal is not null)
        {
            await JournalCollector.SaveAsync(cluster, id, request.Journal);
        }

        if (!session.Detached && request.Save is not null)
        {
            // Saved: nobody will ask for them again. Otherwise `trn attach --save` may, for some minutes.
            await Release(run);
        }

        return exitCode;
    }

    /// <summary>The run is over and told: that its memory may go is a kindness, which the cluster does itself some minutes later.</summary>
    private static async Task Release(ITrainingRun run)
    {
        try
        {
            await run.Release(CancellationToken.None);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            // See above.
        }
    }

    /// <summary>What makes a text of the weights at the end; null where there is none to make.</summary>
    private Func<RunWeights, Task<string>>? Sampler(RunInputs inputs, int threads) =>
        json || !inputs.Spec.Model.IsLanguageModel ? null : weights => Sample(weights, inputs, threads);

    private static async Task<string> Sample(RunWeights weights, RunInputs inputs, int threads)
    {
        if (inputs.Dataset.Vocabulary is not { } vocabulary || inputs.Spec.Model.Vocabulary != vocabulary.Count)
        {
            return string.Empty;
        }

        using AlignedBuffer copy = await weights.CopyAsync();
        using ComputeEngine engine = new(threads);
        string text = string.Empty;
        await engine.RunAsync(() =>
        {
            using TextGenerator generator = new(inputs.Network, copy, inputs.Spec.Training.Seed, temperature: 0.8);
            int start = vocabulary.Characters.Index().FirstOrDefault(c => c.Item == "\n").Index;
            long begun = TimeProvider.System.GetTimestamp();
            text = vocabulary.Decode(generator.Continue([start], SampleLength, CancellationToken.None)
                .TakeWhile(_ => TimeProvider.System.GetElapsedTime(begun) < s_sampleTime)).Trim('\n');
        });
        return text;
    }
}
