using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn cluster`: the silos of a cluster and what is on them.</summary>
internal static class ClusterCommand
{
    internal static Command Create()
    {
        Command command = new("cluster", "Shows the silos of a cluster, and the UltraServers and chips on each.");
        RunCommands.SetAction(command, async (result, cluster, _) =>
        {
            MembershipEntry[] silos = await cluster.SilosAsync();
            RunStatus[] runs = [.. (await RunCommands.StatusAsync(cluster)).Where(r => r.State == RunState.Running && r.Plan is not null)];
            if (result.GetValue(CommonOptions.Json))
            {
                Console.Out.WriteLine(new JsonObject
                {
                    ["cluster"] = cluster.Name,
                    ["silos"] = new JsonArray([.. silos.Select(silo => (JsonNode)Json(silo, runs))]),
                }.ToJsonString(StrictJson.Compact));
                return Failures.Success;
            }

            Table table = Tables.Create("silo", "gateway", "state", "since", "version", "UltraServers", "chips", "runs");
            foreach (MembershipEntry silo in silos)
            {
                (RunStatus Run, SiloShare Share)[] here = Here(silo, runs);
                table.AddRow(
                    new Text(silo.SiloAddress.Endpoint.ToString()), new Text(Gateway(silo)), new Text(silo.Status.ToString().ToLowerInvariant()),
                    new Text(silo.StartTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)), new Text(SiloVersion.In(silo.SiloName)),
                    new Text($"{here.Sum(h => h.Share.Count)}"), new Text($"{here.Sum(h => h.Share.Count * h.Run.Chips)}"),
                    new Text(string.Join(", ", here.Select(h => $"{h.Run.Id}: {h.Share.ForPeople}"))));
            }

            Tables.Write(table);
            Console.Out.WriteLine($"Cluster {cluster.Name}: {Words.Count(silos.Length, "silo")}, {Words.Count(runs.Length, "run")} running.");
            return Failures.Success;
        });
        return command;
    }

    private static JsonObject Json(MembershipEntry silo, RunStatus[] runs)
    {
        (RunStatus Run, SiloShare Share)[] here = Here(silo, runs);
        return new JsonObject
        {
            ["silo"] = silo.SiloAddress.Endpoint.ToString(),
            ["gateway"] = Gateway(silo),
            ["name"] = silo.SiloName,
            ["state"] = silo.Status.ToString().ToLowerInvariant(),
            ["since"] = silo.StartTime,
            ["ultraservers"] = here.Sum(h => h.Share.Count),
            ["chips"] = here.Sum(h => h.Share.Count * h.Run.Chips),
            ["runs"] = new JsonArray([.. here.Select(h => (JsonNode)new JsonObject
            {
                ["run"] = h.Run.Id,
                ["first_ultraserver"] = h.Share.First,
                ["ultraservers"] = h.Share.Count,
                ["chips"] = h.Share.Count * h.Run.Chips,
            })]),
        };
    }

    private static string Gateway(MembershipEntry silo) => $"{silo.SiloAddress.Endpoint.Address}:{silo.ProxyPort}";

    private static (RunStatus Run, SiloShare Share)[] Here(MembershipEntry silo, RunStatus[] runs)
    {
        string address = silo.SiloAddress.ToParsableString();
        return [.. runs.SelectMany(run => run.Plan!.Shares.Where(share => share.Silo == address).Select(share => (run, share)))];
    }
}
