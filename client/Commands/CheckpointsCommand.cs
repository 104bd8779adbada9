using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Checkpoints;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn checkpoints`: what is in a folder of checkpoints, all of it read and verified.</summary>
internal static class CheckpointsCommand
{
    private sealed record Row(long Step, string Folder, CheckpointManifest? Manifest, string? Why);

    internal static Command Create()
    {
        Argument<string> place = new("DIR") { Description = "A folder of checkpoints that this machine reaches." };
        Option<string?> save = Values.Text("--save", "FILE", "Write the weights of the newest whole one there, as `trn train --save` does.");
        Command command = new("checkpoints", "Lists and verifies the checkpoints of a folder.");
        command.Arguments.Add(place);
        command.Options.Add(save);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(async (result, cancellation) =>
        {
            RunSession.CheckWritable(save.Name, result.GetValue(save));
            CheckpointFolder folder = new(Path.GetFullPath(result.GetValue(place)!));
            Row[] rows = [.. CheckpointFiles.Steps(folder).Select(step => Look(folder, step))];
            if (rows.Length == 0)
            {
                throw new RunFailedException($"there are no checkpoints in {folder.Root}");
            }

            Show(rows, result.GetValue(CommonOptions.Json));
            Row? newest = rows.FirstOrDefault(r => r.Why is null);
            if (newest is null)
            {
                throw new RunFailedException($"none of the checkpoints in {folder.Root} is whole");
            }

            if (result.GetValue(save) is { } file)
            {
                await SaveAsync(folder, newest.Manifest!, file, cancellation);
            }

            return Failures.Success;
        });
        return command;
    }

    private static Row Look(CheckpointFolder folder, long step)
    {
        try
        {
            return new Row(step, folder.PathOf(step), CheckpointFiles.ReadWhole(folder, step), null);
        }
        catch (InvalidWeightsException error)
        {
            return new Row(step, folder.PathOf(step), null, error.Message);
        }
    }

    private static void Show(Row[] rows, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(new JsonArray([.. rows.Select(row => (JsonNode)new JsonObject
            {
                ["step"] = row.Step,
                ["folder"] = row.Folder,
                ["is_whole"] = row.Why is null,
                ["run"] = row.Manifest?.Run,
                ["digest"] = row.Manifest?.Digest,
                ["why"] = row.Why,
            })]).ToJsonString(StrictJson.Compact));
            return;
        }

        Table table = Tables.Create("steps", "run", "digest, or what is wrong");
        foreach (Row row in rows)
        {
            table.AddRow(
                new Text($"{row.Step:N0} of {(row.Manifest is null ? "…" : row.Manifest.Spec.Training.Steps.ToString("N0", null))}"), new Text(row.Manifest?.Run ?? "…"), new Text(row.Why ?? row.Manifest!.Digest));
        }

        Tables.Write(table);
    }

    private static async Task SaveAsync(CheckpointFolder folder, CheckpointManifest manifest, string file, CancellationToken cancellation)
    {
        // The data's characters belong to the weights of a language model.
        using DataAccess data = new();
        RunInputs inputs = await data.LoadAsync(manifest.Spec, cancellation);
        await AtomicFile.WriteAsync(file, stream => WeightFile.WriteAsync(
            stream, inputs.Network, WeightMetadata.Create(inputs.Network.Description, inputs.Dataset.Vocabulary), (offset, target) =>
            {
                CheckpointFiles.Read(folder, manifest, 0, offset, target.Span);
                return Task.CompletedTask;
            }));
        await Console.Error.WriteLineAsync($"trn: the weights after {Words.Count(manifest.Step, "step")} are in {file}");
    }
}
