using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Text;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn runs`, `trn attach`, `trn stop`: the runs of a cluster.</summary>
internal static class RunCommands
{
    private static readonly TimeSpan s_statusDeadline = TimeSpan.FromSeconds(10);

    internal static Command Runs()
    {
        Command command = new("runs", "Lists the runs of a cluster.");
        SetAction(command, async (result, cluster, _) =>
        {
            RunStatus[] runs = await StatusAsync(cluster);
            if (result.GetValue(CommonOptions.Json))
            {
                Console.Out.WriteLine(new JsonArray([.. runs.Select(RunJson.Of)]).ToJsonString(StrictJson.Compact));
                return Failures.Success;
            }

            if (runs.Length == 0)
            {
                Console.Out.WriteLine($"Cluster {cluster.Name} has no runs; `trn train` starts one.");
                return Failures.Success;
            }

            Table table = Tables.Create("run", "state", "model", "machine", "steps", "loss", "started", "digest, or what went wrong");
            foreach (RunStatus run in runs)
            {
                table.AddRow(
                    new Text(run.Id), new Text(run.State.ToString().ToLowerInvariant()), new Text(run.Model),
                    new Text(Words.Cluster(new ClusterSpec { UltraServers = run.UltraServers, Chips = run.Chips })),
                    new Text($"{run.Steps:N0} of {run.TotalSteps:N0}"), new Text(run.Loss?.ToString("F4", CultureInfo.InvariantCulture) ?? "…"),
                    new Text(run.Started.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)), new Text(run.Error ?? run.Digest?[..12] ?? string.Empty));
            }

            Tables.Write(table);
            return Failures.Success;
        });
        return command;
    }

    internal static Command Attach()
    {
        Argument<string> id = new("ID") { Description = "The run, as `trn runs` lists it." };
        Option<string?> save = Values.Text("--save", "FILE", "Write the weights there at the end (safetensors).");
        Command command = new("attach", "Follows a run of a cluster, from its first step on.");
        command.Arguments.Add(id);
        command.Options.Add(save);
        ClockChoices.AddTo(command);
        ClusterOptions.AddTo(command);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(async (result, _) =>
        {
            using StopSignals signals = new();
            bool json = result.GetValue(CommonOptions.Json);
            return await JsonFailures.TellAsync(json, async () =>
            {
                RunSession.CheckWritable(save.Name, result.GetValue(save));
                return await Follow(ClusterOptions.Needed(result), RunIds.Check(result.GetValue(id))!, result.GetValue(save), ClockChoices.Of(result), json, signals);
            });
        });
        return command;
    }

    internal static Command Stop()
    {
        Argument<string> id = new("ID") { Description = "The run, as `trn runs` lists it." };
        Command command = new("stop", "Ends a run of a cluster at its next step boundary.");
        command.Arguments.Add(id);
        SetAction(command, async (result, cluster, cancellation) =>
        {
            string name = RunIds.Check(result.GetValue(id))!;
            ITrainingRun run = cluster.Grains.GetGrain<ITrainingRun>(name);
            await run.Spec(cancellation);
            await run.Stop(cancellation);

            // Until it has ended: who stops a run wants to know that it stands.
            await foreach (RunEvent _ in RunFollower.FollowAsync(run, cancellation))
            {
            }

            RunStatus status = await run.Status(cancellation);
            Console.Out.WriteLine(result.GetValue(CommonOptions.Json)
                ? RunJson.Of(status).ToJsonString(StrictJson.Compact)
                : $"run {name} has {(status.State == RunState.Stopped ? "stopped" : status.State.ToString().ToLowerInvariant())} after {Words.Count(status.Steps, "step")}; digest {status.Digest ?? "unknown"}");
            return Failures.Success;
        });
        return command;
    }

    /// <summary>Makes a command one of a cluster: what it needs to find it, and <c>--json</c>.</summary>
    internal static void SetAction(Command command, Func<ParseResult, RemoteCluster, CancellationToken, Task<int>> action)
    {
        ClusterOptions.AddTo(command);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(async (result, cancellation) =>
        {
            await using RemoteCluster cluster = await RemoteCluster.ConnectAsync(ClusterOptions.Needed(result), cancellation);
            return await action(result, cluster, cancellation);
        });
    }

    /// <summary>All runs; those that are not over say themselves how they stand.</summary>
    internal static async Task<RunStatus[]> StatusAsync(RemoteCluster cluster)
    {
        IReadOnlyList<RunStatus> known = await cluster.Grains.GetGrain<IRunDirectory>(IRunDirectory.Key).List(CancellationToken.None);
        return await Task.WhenAll(known.Select(async run =>
        {
            if (run.State is not (RunState.Preparing or RunState.Running))
            {
                return run;
            }

            try
            {
                return await cluster.Grains.GetGrain<ITrainingRun>(run.Id).Status(CancellationToken.None).WaitAsync(s_statusDeadline, TimeProvider.System);
            }
            catch (Exception error) when (error is OrleansException or TimeoutException)
            {
                return run;
            }
        }));
    }

    private static async Task<int> Follow((RedisEndpoint Redis, string Cluster) where, string name, string? save, ClockChoices clock, bool json, StopSignals signals)
    {
        await using RemoteCluster cluster = await RemoteCluster.ConnectAsync(where, signals.Asked);
        ITrainingRun run = cluster.Grains.GetGrain<ITrainingRun>(name);
        RunSpec spec = StrictJson.Read<RunSpec>(await run.Spec(signals.Asked), $"the spec of run {name}");
        RunFacts facts = new(spec, NetworkFactory.Create(spec.Model, PrecisionRecipes.Resolve(spec.Precision)), spec.Data.Source, $"cluster {cluster.Name}", null, name);
        using ModelledRun modelled = new(facts, clock);
        IRunView view = RunViews.Choose(json);
        using IDisposable? closing = view as IDisposable;
        view.Starting(facts);
        RunSession session = new(run, facts, modelled, view, signals);
        return await session.FollowAsync(save, Vocabulary, null);

        async Task<CharacterVocabulary?> Vocabulary() =>
            await run.Vocabulary(CancellationToken.None) is { } characters ? CharacterVocabulary.FromCharacters(characters, name) : null;
    }
}
