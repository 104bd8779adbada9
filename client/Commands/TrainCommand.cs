using System.CommandLine;
using System.Text.Json;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Text;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn train`: resolves a spec, starts the run on a silo in this process or on a cluster, follows it, saves and sums up.</summary>
internal static class TrainCommand
{
    private const int SampleLength = 240;

    // A taste, not a benchmark: large networks get a shorter one.
    private static readonly TimeSpan s_sampleTime = TimeSpan.FromSeconds(3);

    internal static Command Create()
    {
        SpecOptions spec = new();
        Option<string?> save = Values.Text("--save", "FILE", "Write the weights there at the end (safetensors).");
        Option<string?> runId = Values.Text("--run-id", "ID", "Name of the run in its cluster; the same id with the same spec is the same run.");
        Option<bool> detach = new("--detach") { Description = "Start the run on the cluster and return at once with its id." };
        Command command = new("train", "Trains a network, data-parallel over emulated chips. `trn spec` with the same options shows every value that it would use.");
        spec.AddTo(command);
        command.Options.Add(save);
        ChaosOptions.AddTo(command);
        ClusterOptions.AddTo(command);
        command.Options.Add(runId);
        command.Options.Add(detach);
        command.Options.Add(CommonOptions.Threads);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(async (result, _) =>
        {
            using StopSignals signals = new();
            bool json = result.GetValue(CommonOptions.Json);
            return await JsonFailures.TellAsync(json, async () =>
            {
                RunSpec resolved = spec.Resolve(result);
                double? epochs = spec.Epochs(result);
                RunSession.CheckWritable(save.Name, result.GetValue(save));
                RunOptions options = ChaosOptions.Of(result, resolved.Cluster);
                int threads = CommonOptions.ThreadsOf(result);
                if (ClusterOptions.Of(result) is not { } where)
                {
                    return result.GetValue(detach) || result.GetValue(runId) is not null
                        ? throw new InvalidDescriptionException("--detach and --run-id are for a cluster; say which with --redis HOST:PORT, or in TRN_REDIS")
                        : await RunHere(resolved, epochs, result.GetValue(save), options, result.GetValue(ChaosOptions.Journal), threads, json, signals);
                }

                if (result.GetResult(CommonOptions.Threads) is { Implicit: false })
                {
                    throw new InvalidDescriptionException("--threads is each silo's own; give it to trn-silo");
                }

                if (result.GetValue(ChaosOptions.Journal) is not null)
                {
                    throw new InvalidDescriptionException("--journal is for a run in this process; silos keep journals in their data folders, under journals, when --chaos is used");
                }

                if (result.GetValue(detach) && result.GetValue(save) is not null)
                {
                    throw new InvalidDescriptionException("--save and --detach do not go together; `trn attach ID --save FILE` saves the weights later");
                }

                return await RunThere(where, resolved, epochs, result.GetValue(save), options, RunIds.Check(result.GetValue(runId)), result.GetValue(detach), json, signals);
            });
        });
        return command;
    }

    private static async Task<int> RunHere(
        RunSpec spec, double? epochs, string? save, RunOptions options, string? journal, int threads, bool json, StopSignals signals)
    {
        using DataAccess data = new();
        RunInputs inputs = (await data.LoadAsync(spec, signals.Asked)).WithEpochs(epochs);
        MemoryNeed.Check(inputs, threads, inputs.Spec.Cluster.UltraServers);
        string specText = JsonSerializer.Serialize(inputs.Spec, StrictJson.Compact);
        IRunView view = RunViews.Choose(json);
        using IDisposable? closing = view as IDisposable;

        await using EmbeddedCluster cluster = await EmbeddedCluster.StartAsync(threads, data.Loader, signals.Asked, journal);
        cluster.Share(specText, inputs);
        ITrainingRun run = cluster.Grains.GetGrain<ITrainingRun>($"run-{Guid.NewGuid():N}");
        RunFacts facts = Facts(inputs, Words.Count(threads, "compute thread"), threads, null);
        view.Starting(facts);
        await run.Start(specText, RunContent.None, options, signals.Asked);
        using CancellationTokenRegistration stop = signals.Asked.Register(() =>
        {
            _ = run.Stop(CancellationToken.None);
            view.Stopping();
        });
        int exitCode = await new RunSession(run, facts, view, signals)
            .FollowAsync(save, () => Task.FromResult(inputs.Dataset.Vocabulary), Sampler(inputs, threads, json));
        await run.Close(CancellationToken.None);
        GC.KeepAlive(inputs);
        return exitCode;
    }

    private static async Task<int> RunThere(
        (RedisEndpoint Redis, string Cluster) where, RunSpec spec, double? epochs, string? save, RunOptions options, string? id, bool detach, bool json, StopSignals signals)
    {
        using DataAccess data = new();
        RunInputs inputs = (await data.LoadAsync(spec, signals.Asked)).WithEpochs(epochs);
        string specText = JsonSerializer.Serialize(inputs.Spec, StrictJson.Compact);
        await using RemoteCluster cluster = await RemoteCluster.ConnectAsync(where, signals.Asked);
        RunContent content = await new ContentPublisher(cluster, data.Loader).PublishAsync(inputs.Spec, signals.Asked);
        id ??= RunIds.New(TimeProvider.System);
        ITrainingRun run = cluster.Grains.GetGrain<ITrainingRun>(id);
        IRunView view = RunViews.Choose(json);
        using IDisposable? closing = view as IDisposable;
        Task started = RunFollower.StartAsync(run, specText, content, options, signals.Asked);
        if (detach)
        {
            await started;
            view.Detached(id);
            return Failures.Success;
        }

        RunFacts facts = Facts(inputs, $"cluster {cluster.Name}", null, id);
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

        RunSession session = new(run, facts, view, signals);
        int exitCode = await session.FollowAsync(save, () => Task.FromResult(inputs.Dataset.Vocabulary), Sampler(inputs, Environment.ProcessorCount, json));
        if (!session.Detached && save is not null)
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

    private static RunFacts Facts(RunInputs inputs, string where, int? threads, string? id) =>
        new(inputs.Spec, inputs.Network, $"{inputs.Dataset.Name}: {inputs.Dataset.Summary}", where, threads, id);

    /// <summary>What makes a text of the weights at the end; null where there is none to make.</summary>
    private static Func<RunWeights, Task<string>>? Sampler(RunInputs inputs, int threads, bool json) =>
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
