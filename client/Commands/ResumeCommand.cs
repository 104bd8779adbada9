using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Checkpoints;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn resume`: goes on from the newest checkpoint that is whole, with the bits that the run would have had.</summary>
internal static class ResumeCommand
{
    internal static Command Create()
    {
        Argument<string> folder = new("DIR") { Description = "The folder of checkpoints, as --checkpoint-dir named it." };
        Option<string?> spec = Values.Text("--spec", "FILE", "The run that it must be; what is in the checkpoint needs no options.");
        Command command = new("resume", "Goes on from the newest whole checkpoint of a run, and keeps checkpoints in the same folder.");
        command.Arguments.Add(folder);
        command.Options.Add(spec);
        CheckpointChoices.AddRhythmTo(command);
        RunChoices.AddTo(command);
        RunChoices.SetAction(command, async (result, connect) =>
        {
            string place = CheckpointChoices.Place(result, result.GetValue(folder)!);
            CheckpointSurvey found = connect is null ? await Task.Run(() => CheckpointFiles.Survey(new CheckpointFolder(place), place, string.Empty, null)) : await OnCluster(await connect(), place);
            foreach (RefusedCheckpoint refused in found.Refused)
            {
                await Console.Error.WriteLineAsync($"trn: left out: {refused.Why}");
            }

            CheckpointState newest = found.Newest
                ?? throw new RunFailedException(found.Refused.Count == 0 ? $"there are no checkpoints in {place}" : $"none of the checkpoints in {place} is whole");
            RunSpec kept = StrictJson.Read<RunSpec>(newest.Spec, "the checkpoint's spec");
            if (result.GetValue(spec) is { } file)
            {
                CheckSame(SpecResolver.Resolve(SpecOptions.Read(file), file, null, []), kept, file);
            }

            CheckpointOptions options = CheckpointChoices.With(result, new CheckpointOptions(place, newest.Every, newest.Keep));
            return RunChoices.Request(result, kept, ChaosOptions.Of(result, kept.Cluster) with { Checkpoints = options, Resumes = true });
        });
        return command;
    }

    private static async Task<CheckpointSurvey> OnCluster(RemoteCluster cluster, string folder)
    {
        CheckpointSurvey[] all = await Task.WhenAll((await cluster.SilosAsync()).Select(silo =>
            cluster.Grains.GetGrain<ICheckpointHost>(silo.SiloAddress.ToParsableString()).Newest(folder, null, CancellationToken.None)));
        return all.MaxBy(a => a.Newest?.Step ?? -1)!;
    }

    /// <summary>Names the first value that differs; hashes and sizes that the data filled in are not the user's to give.</summary>
    private static void CheckSame(RunSpec wanted, RunSpec kept, string file)
    {
        kept = kept with { Data = kept.Data with { Sha256 = wanted.Data.Sha256 }, Init = kept.Init is null ? null : kept.Init with { Sha256 = wanted.Init?.Sha256 } };
        if (wanted.Model.Vocabulary == 0)
        {
            kept = kept with { Model = kept.Model with { Vocabulary = 0 } };
        }

        if (Difference(JsonSerializer.SerializeToNode(wanted, StrictJson.Options), JsonSerializer.SerializeToNode(kept, StrictJson.Options), string.Empty) is { } difference)
        {
            throw new InvalidDescriptionException($"{file} is another run than the checkpoint's: {difference}; leave --spec out to go on with the checkpoint's, or `trn train` the other one anew");
        }
    }

    private static string? Difference(JsonNode? wanted, JsonNode? kept, string place)
    {
        if (wanted is JsonObject || kept is JsonObject)
        {
            JsonObject left = wanted as JsonObject ?? [];
            JsonObject right = kept as JsonObject ?? [];
            return left.Select(p => p.Key).Union(right.Select(p => p.Key))
                .Select(key => Difference(left[key], right[key], place.Length == 0 ? key : $"{place}.{key}")).FirstOrDefault(d => d is not null);
        }

        return JsonNode.DeepEquals(wanted, kept) ? null : $"{place} is {Text(wanted)}, and there it is {Text(kept)}";
    }

    private static string Text(JsonNode? node) => node?.ToJsonString(StrictJson.Compact) ?? "not set";
}
