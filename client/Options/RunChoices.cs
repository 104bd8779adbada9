using System.CommandLine;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Client.Options;

/// <summary>Where a run computes and what becomes of it: the same for one that begins and one that is resumed.</summary>
internal static class RunChoices
{
    internal static Option<string?> Save { get; } = Values.Text("--save", "FILE", "Write the weights there at the end (safetensors).");

    private static Option<string?> RunId { get; } = Values.Text("--run-id", "ID", "Name of the run in its cluster; the same id with the same spec is the same run.");

    private static Option<bool> Detach { get; } = new("--detach") { Description = "Start the run on the cluster and return at once with its id." };

    internal static void AddTo(Command command)
    {
        command.Options.Add(Save);
        ClockChoices.AddTo(command);
        NumericsChoices.AddTo(command);
        ChaosOptions.AddTo(command);
        ClusterOptions.AddTo(command);
        command.Options.Add(RunId);
        command.Options.Add(Detach);
        command.Options.Add(CommonOptions.Threads);
        command.Options.Add(CommonOptions.Json);
    }

    /// <summary>Makes a command one that runs what it makes of its options.</summary>
    /// <param name="command">With the options of <see cref="AddTo"/>.</param>
    /// <param name="ask">Reads the rest of the options; when the run is for a cluster, it is given how to connect.</param>
    internal static void SetAction(Command command, Func<ParseResult, Func<Task<RemoteCluster>>?, Task<RunRequest>> ask) => command.SetAction(async (result, _) =>
    {
        using StopSignals signals = new();
        bool json = result.GetValue(CommonOptions.Json);
        return await JsonFailures.TellAsync(json, async () =>
        {
            RunSession.CheckWritable(Save.Name, result.GetValue(Save));
            int threads = CommonOptions.ThreadsOf(result);
            RunStarter starter = new(json, signals);
            if (ClusterOptions.Of(result) is not { } where)
            {
                return result.GetValue(Detach) || result.GetValue(RunId) is not null
                    ? throw new InvalidDescriptionException("--detach and --run-id are for a cluster; say which with --redis HOST:PORT, or in TRN_REDIS")
                    : await starter.HereAsync(await ask(result, null), threads);
            }

            CheckForCluster(result);
            string? id = RunIds.Check(result.GetValue(RunId));

            // What is wrong with the options is said before anybody is asked.
            Task<RemoteCluster>? connecting = null;
            Task<RemoteCluster> Connect() => connecting ??= RemoteCluster.ConnectAsync(where, signals.Asked);
            RunRequest request = await ask(result, Connect);
            await using RemoteCluster cluster = await Connect();
            return await starter.ThereAsync(request, cluster, id, result.GetValue(Detach));
        });
    });

    /// <summary>A run with what these options say of it.</summary>
    internal static RunRequest Request(ParseResult result, RunSpec spec, RunOptions options) =>
        new(spec, null, options with { NumericsEvery = NumericsChoices.Of(result) }, result.GetValue(Save), result.GetValue(ChaosOptions.Journal), ClockChoices.Of(result));

    private static void CheckForCluster(ParseResult result)
    {
        if (result.GetResult(CommonOptions.Threads) is { Implicit: false })
        {
            throw new InvalidDescriptionException("--threads is each silo's own; give it to trn-silo");
        }

        if (result.GetValue(Detach) && result.GetValue(ChaosOptions.Journal) is not null)
        {
            throw new InvalidDescriptionException("--journal and --detach do not go together; `trn report ID` and `trn verify ID` ask the silos for theirs later");
        }

        if (result.GetValue(Detach) && result.GetValue(ClockChoices.TraceFile) is not null)
        {
            throw new InvalidDescriptionException("--trace and --detach do not go together; `trn attach ID --trace FILE` writes it later");
        }

        if (result.GetValue(Detach) && result.GetValue(Save) is not null)
        {
            throw new InvalidDescriptionException("--save and --detach do not go together; `trn attach ID --save FILE` saves the weights later");
        }
    }
}
