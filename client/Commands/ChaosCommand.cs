using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn chaos`: what can be done to a run.</summary>
internal static class ChaosCommand
{
    internal static Command Create()
    {
        Command command = new("chaos", "Faults for `trn train --chaos`: what there is, and manifests to begin with.") { Kinds(), Show() };
        return command;
    }

    private static Command Kinds()
    {
        Command command = new("kinds", "Lists the kinds of faults.");
        command.Options.Add(CommonOptions.Json);
        command.SetAction(result =>
        {
            if (result.GetValue(CommonOptions.Json))
            {
                Console.Out.WriteLine(new JsonArray([.. FaultKinds.All.Select(kind => (JsonNode)new JsonObject
                {
                    ["kind"] = kind.Name,
                    ["site"] = kind.Site.ToString().ToLowerInvariant(),
                    ["description"] = kind.Description,
                    ["needs_permission"] = kind.NeedsPermission,
                })]).ToJsonString(StrictJson.Compact));
                return Failures.Success;
            }

            Table table = Tables.Create("kind", "strikes", "what happens");
            foreach (FaultKind kind in FaultKinds.All)
            {
                string permission = kind.NeedsPermission ? " Only on silos started with --allow-chaos." : string.Empty;
                table.AddRow(new Text(kind.Name), new Text($"a {kind.Site.ToString().ToLowerInvariant()}".Replace("a ultraserver", "an UltraServer", StringComparison.Ordinal)), new Text(kind.Description + permission));
            }

            Tables.Write(table);
            return Failures.Success;
        });
        return command;
    }

    private static Command Show()
    {
        Argument<string> name = new("FILE|PRESET") { Description = $"A manifest, or one of {string.Join(", ", FaultPresets.Names)}." };
        Command command = new("show", "Checks a manifest, or writes a preset as one to begin with.");
        command.Arguments.Add(name);
        command.SetAction(result =>
        {
            Console.Out.WriteLine(JsonSerializer.Serialize(ChaosOptions.Read(result.GetValue(name)!), StrictJson.Options));
            return Failures.Success;
        });
        return command;
    }
}
