using TrnOrleans.Client.Output;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Models.Text;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Client.Running;

/// <summary>Follows a run to its end, saves its weights and sums up; the same in this process and over a cluster.</summary>
internal sealed class RunSession(ITrainingRun run, RunFacts facts, ModelledRun modelled, IRunView view, StopSignals signals)
{
    /// <summary>Whether a signal ended the following, and the run goes on.</summary>
    internal bool Detached { get; private set; }

    /// <summary>Follows, from the first event to the last.</summary>
    /// <param name="save">Where to save the weights, or null.</param>
    /// <param name="vocabulary">Asked for when weights are saved or a sample is made.</param>
    /// <param name="sample">Makes a text of the weights, or null.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="RunFailedException">the run ended with an error, or its weights could not be saved.</exception>
    internal async Task<int> FollowAsync(string? save, Func<Task<CharacterVocabulary?>> vocabulary, Func<RunWeights, Task<string>>? sample)
    {
        int exitCode = Failures.Success;
        StepEvent? lastStep = null;
        ValidationEvent? lastValidation = null;
        CheckpointReport? lastCheckpoint = null;
        NumericsEvent? lastNumerics = null;

        // Of a run in this process a signal is the end; a run of a cluster goes on without us.
        CancellationToken leave = facts.Id is null ? CancellationToken.None : signals.Asked;
        try
        {
            await foreach (RunEvent happened in RunFollower.FollowAsync(run, leave))
            {
                modelled.Tell(happened);
                view.Show(happened, modelled.Clock);
                lastStep = happened as StepEvent ?? lastStep;
                lastNumerics = happened as NumericsEvent ?? lastNumerics;
                lastValidation = happened as ValidationEvent ?? lastValidation;
                lastCheckpoint = (happened as CheckpointEvent)?.Report ?? lastCheckpoint;
                if (happened is FailedEvent failed)
                {
                    throw new RunFailedException(failed.Message);
                }

                if (happened is EndEvent end)
                {
                    exitCode = end.Stopped ? signals.ExitCode : Failures.Success;
                    long peak = PeakMemory.Bytes();
                    RunWeights weights = new(run, facts.Network, save is null && sample is null ? null : await vocabulary());
                    string? saved = save is null ? null : await Save(weights, save, end);
                    view.Finished(new RunResult(end, lastStep, lastValidation, lastCheckpoint, lastStep?.SkippedSteps ?? 0, lastNumerics, modelled, facts.Network.Precision, saved, sample is null ? null : await sample(weights), peak));
                }
            }
        }
        catch (OperationCanceledException) when (leave.IsCancellationRequested)
        {
            Detached = true;
            view.Detached(facts.Id!);
            return signals.ExitCode;
        }

        return exitCode;
    }

    /// <summary>Weights of hours must not be lost for a mistyped folder: finds out now whether they can be written.</summary>
    /// <param name="option">The option that names the file.</param>
    /// <param name="path">The file; null when none is wanted.</param>
    /// <exception cref="Models.Descriptions.InvalidDescriptionException">they cannot.</exception>
    internal static void CheckWritable(string option, string? path)
    {
        try
        {
            if (path is not null)
            {
                AtomicFile.CheckWritable(path);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new Models.Descriptions.InvalidDescriptionException($"cannot write {option} {path}: {Failures.Reason(error)}", error);
        }
    }

    private static async Task<string> Save(RunWeights weights, string save, EndEvent end)
    {
        try
        {
            await weights.SaveAsync(save);
            return save;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string message = $"the run ended after {end.Steps} steps with digest {end.Digest}, but its weights could not be saved to {save}: {Failures.Reason(error)}";
            throw new RunFailedException(message, error);
        }
    }
}
