using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using TrnOrleans.Chaos.Injection;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn chaos`: what can be done to a run.</summary>
internal static class ChaosCommand
{
    internal static Command Create()
    {
        Command command = new("chaos", "Faults for `trn train --chaos`: what there is, and manifests to begin with.") { Kinds(), Show(), Inject() };
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

    private static Command Inject()
    {
        Argument<string> kind = new("KIND") { Description = "What: one of those that `trn chaos kinds` lists." };
        Option<string?> run = Values.Text("--run", "ID", "The run, as `trn runs` lists it.");
        Option<string?> target = Values.Text("--target", "ULTRASERVER/CHIP", "Where: a chip such as 0/3, or an UltraServer such as 1.");
        Option<long?> step = Values.Whole("--at-step", "From which step on; by default at once.");
        Option<double?> seconds = Values.Number("--seconds", "How long what takes long takes.");
        Option<double?> factor = Values.Number("--factor", "How many times as long a straggler takes.");
        Command command = new("inject", "Lets one fault strike a run of a cluster that is under way.");
        command.Arguments.Add(kind);
        Option[] options = [run, target, step, seconds, factor];
        Array.ForEach(options, command.Options.Add);
        RunCommands.SetAction(command, async (result, cluster, cancellation) =>
        {
            string id = RunIds.Check(result.GetValue(run)) ?? throw new InvalidDescriptionException("say which run, with --run ID; `trn runs` lists them");
            FaultRule rule = new() { Kind = result.GetValue(kind)!, Target = result.GetValue(target) ?? "*", AtStep = result.GetValue(step) ?? 0 };
            rule = rule with { Seconds = result.GetValue(seconds) ?? rule.Seconds, Factor = result.GetValue(factor) ?? rule.Factor };
            FaultManifest manifest = FaultManifest.Read(JsonSerializer.Serialize(new FaultManifest { Faults = [rule] }, StrictJson.Compact), "the options");
            RunStatus status = await cluster.Grains.GetGrain<ITrainingRun>(id).Status(cancellation);
            if (status.State != RunState.Running || status.Plan is not { } plan)
            {
                throw new RunFailedException(status.State == RunState.Unknown
                    ? $"there is no run {id} in this cluster; `trn runs` lists them"
                    : $"run {id} is {status.State.ToString().ToLowerInvariant()}; faults strike runs that are under way");
            }

            manifest.CheckTargets(status.UltraServers, status.Chips, "the options");
            FaultTarget place = FaultTarget.Parse(rule.Target, "--target");
            CheckPlace(FaultKinds.Find(rule.Kind)!, place);
            if (result.GetValue(step) < status.Steps)
            {
                throw new InvalidDescriptionException($"--at-step is {result.GetValue(step)}, and run {id} is at step {status.Steps} already");
            }

            await cluster.Grains.GetGrain<IChaosHost>(plan.ShareOf(place.UltraServer).Silo).Inject(id, JsonSerializer.Serialize(rule, StrictJson.Compact), cancellation);
            Console.Out.WriteLine(result.GetValue(CommonOptions.Json)
                ? new JsonObject { ["run"] = id, ["kind"] = rule.Kind, ["target"] = rule.Target, ["from_step"] = Math.Max(status.Steps, rule.AtStep!.Value) }.ToJsonString(StrictJson.Compact)
                : $"{rule.Kind} strikes {rule.Target} of run {id} once, {(rule.AtStep > 0 ? $"from step {rule.AtStep} on" : "at its next opportunity")}");
            return Failures.Success;
        });
        return command;
    }

    /// <summary>One fault by hand strikes one place.</summary>
    private static void CheckPlace(FaultKind kind, FaultTarget place)
    {
        string? wrong = kind.Site is FaultSite.Store or FaultSite.Conductor ? $"{kind.Name} strikes no place; it is for manifests, with `trn train --chaos`"
            : kind.Site != FaultSite.Chip && place.Chip >= 0 ? $"{kind.Name} strikes no single chip; let --target name an UltraServer, such as {place.UltraServer}"
            : place.UltraServer < 0 ? "--target must name an UltraServer, such as 0 or 0/3: one fault strikes one place"
            : null;
        if (wrong is not null)
        {
            throw new InvalidDescriptionException(wrong);
        }
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
