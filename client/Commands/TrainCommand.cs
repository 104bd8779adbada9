using System.CommandLine;
using TrnOrleans.Client.Options;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn train`: resolves a spec, starts the run on a silo in this process or on a cluster, follows it, saves and sums up.</summary>
internal static class TrainCommand
{
    internal static Command Create()
    {
        SpecOptions spec = new();
        Command command = new("train", "Trains a network, data-parallel over emulated chips. `trn spec` with the same options shows every value that it would use.");
        spec.AddTo(command);
        CheckpointChoices.AddTo(command);
        RunChoices.AddTo(command);
        RunChoices.SetAction(command, (result, _) =>
        {
            RunSpec resolved = spec.Resolve(result);
            double? epochs = spec.Epochs(result);
            RunOptions options = ChaosOptions.Of(result, resolved.Cluster) with { Checkpoints = CheckpointChoices.Of(result) };
            return Task.FromResult(RunChoices.Request(result, resolved, options) with { Epochs = epochs });
        });
        return command;
    }
}
