using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Running;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn data`: the data sets known by name, and whether they are here.</summary>
internal static class DataCommand
{
    internal static Command Create()
    {
        Command command = new("data", "Lists the data sets known by name and what of them is on this machine.");
        command.Options.Add(CommonOptions.Json);
        command.SetAction(result =>
        {
            using DataAccess data = new();
            var rows = DataCatalogue.Entries
                .Select(e => (e.Name, e.Kind, e.Summary, Place: data.Catalogue.Locate(e)))
                .Prepend((Name: SourceText.Name, Kind: "text", Summary: "the source code of this project, packed at build", Place: "inside trn"))
                .ToArray();
            if (result.GetValue(CommonOptions.Json))
            {
                JsonArray list = [.. rows.Select(r => (JsonNode)new JsonObject
                {
                    ["name"] = r.Name,
                    ["kind"] = r.Kind,
                    ["summary"] = r.Summary,
                    ["present"] = r.Place is not null,
                    ["path"] = r.Place,
                })];
                Console.Out.WriteLine(list.ToJsonString(StrictJson.Compact));
                return Failures.Success;
            }

            Table table = new Table().Border(TableBorder.Simple).AddColumns("name", "kind", "what", "where");
            foreach ((string name, string kind, string summary, string? place) in rows)
            {
                table.AddRow(new Text(name), new Text(kind), new Text(summary), new Text(place ?? "downloaded when first used"));
            }

            AnsiConsole.Write(table);
            Console.Out.WriteLine($"Downloads go to {data.Catalogue.CacheFolder}; TRN_DATA names a folder to look in first.");
            return Failures.Success;
        });
        return command;
    }
}
