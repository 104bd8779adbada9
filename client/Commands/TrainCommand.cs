using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Text;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn train`: resolves a spec, starts the run on a silo in this process, follows it, saves and sums up.</summary>
internal static class TrainCommand
{
    private const int SampleLength = 240;

    // A taste, not a benchmark: large networks get a shorter one.
    private static readonly TimeSpan s_sampleTime = TimeSpan.FromSeconds(3);

    internal static Command Create()
    {
        SpecOptions spec = new();
        Option<string?> save = Values.Text("--save", "FILE", "Write the weights there at the end (safetensors).");
        Command command = new("train", "Trains a network, data-parallel over emulated chips. `trn spec` with the same options shows every value that it would use.");
        spec.AddTo(command);
        command.Options.Add(save);
        command.Options.Add(CommonOptions.Threads);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(async (result, _) =>
        {
            using StopSignals signals = new();
            bool json = result.GetValue(CommonOptions.Json);
            try
            {
                return await Run(spec.Resolve(result), spec.Epochs(result), result.GetValue(save), CommonOptions.ThreadsOf(result), json, signals);
            }
            catch (Exception error) when (json && Failures.Of(error) is not null)
            {
                new JsonView(Console.Out).Failed(Failures.Of(error)!.Value.Sentence);
                throw;
            }
        });
        return command;
    }

    private static async Task<int> Run(RunSpec spec, double? epochs, string? save, int threads, bool json, StopSignals signals)
    {
        CheckSave(save);
        using DataAccess data = new();
        RunInputs inputs = await data.LoadAsync(spec, signals.Asked);
        inputs = inputs.WithEpochs(epochs);
        MemoryNeed.Check(inputs, threads);
        string specText = JsonSerializer.Serialize(inputs.Spec, StrictJson.Compact);
        IRunView view = json ? new JsonView(Console.Out)
            : AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected ? new LiveView(AnsiConsole.Console, TimeProvider.System)
            : new PlainView(Console.Out, TimeProvider.System);
        using IDisposable? closing = view as IDisposable;

        await using EmbeddedCluster cluster = await EmbeddedCluster.StartAsync(threads, data.Loader, specText, inputs, signals.Asked);
        ITrainingRun run = cluster.Grains.GetGrain<ITrainingRun>($"run-{Guid.NewGuid():N}");
        view.Starting(inputs, threads);
        await run.Start(specText, signals.Asked);
        using CancellationTokenRegistration stop = signals.Asked.Register(() =>
        {
            _ = run.Stop(CancellationToken.None);
            view.Stopping();
        });

        int exitCode = Failures.Success;
        StepEvent? lastStep = null;
        ValidationEvent? lastValidation = null;
        await foreach (RunEvent happened in run.Follow(0))
        {
            view.Show(happened);
            lastStep = happened as StepEvent ?? lastStep;
            lastValidation = happened as ValidationEvent ?? lastValidation;
            if (happened is FailedEvent failed)
            {
                throw new RunFailedException(failed.Message);
            }

            if (happened is EndEvent end)
            {
                exitCode = end.Stopped ? signals.ExitCode : Failures.Success;
                long peak = PeakMemory.Bytes();
                string? saved = save is null ? null : await Save(run, inputs, save, end);
                string? sample = json || !inputs.Spec.Model.IsLanguageModel ? null : await Sample(run, inputs, threads);
                view.Finished(new RunResult(end, lastStep, lastValidation, saved, sample, peak));
            }
        }

        await run.Close(CancellationToken.None);
        return exitCode;
    }

    /// <summary>Weights of hours must not be lost for a mistyped folder.</summary>
    private static void CheckSave(string? save)
    {
        try
        {
            if (save is not null)
            {
                AtomicFile.CheckWritable(save);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDescriptionException($"cannot write --save {save}: {Failures.Reason(error)}", error);
        }
    }

    private static async Task<string> Save(ITrainingRun run, RunInputs inputs, string save, EndEvent end)
    {
        try
        {
            await new RunWeights(run, inputs).SaveAsync(save);
            return save;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string message = $"the run ended after {end.Steps} steps with digest {end.Digest}, but its weights could not be saved to {save}: {Failures.Reason(error)}";
            throw new RunFailedException(message, error);
        }
    }

    private static async Task<string> Sample(ITrainingRun run, RunInputs inputs, int threads)
    {
        if (inputs.Dataset.Vocabulary is not { } vocabulary || inputs.Spec.Model.Vocabulary != vocabulary.Count)
        {
            return string.Empty;
        }

        using AlignedBuffer weights = await new RunWeights(run, inputs).CopyAsync();
        using ComputeEngine engine = new(threads);
        string text = string.Empty;
        await engine.RunAsync(() =>
        {
            using TextGenerator generator = new(inputs.Network, weights, inputs.Spec.Training.Seed, temperature: 0.8);
            int start = vocabulary.Characters.Index().FirstOrDefault(c => c.Item == "\n").Index;
            long begun = TimeProvider.System.GetTimestamp();
            text = vocabulary.Decode(generator.Continue([start], SampleLength, CancellationToken.None)
                .TakeWhile(_ => TimeProvider.System.GetElapsedTime(begun) < s_sampleTime)).Trim('\n');
        });
        return text;
    }
}
