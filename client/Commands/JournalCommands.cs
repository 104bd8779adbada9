using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using TrnOrleans.Chaos.Checking;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn verify` and `trn report`: what the journals of a run say.</summary>
internal static class JournalCommands
{
    internal static Command Verify()
    {
        Argument<string[]> paths = Paths();
        Option<string?> digest = Values.Text("--digest", "DIGEST", "Of the same run without faults; the run must end with it.");
        Option<double?> bound = Values.Number("--recovery-seconds", "How long a recovery may take; by default 20.");
        Command command = new("verify", "Checks the invariants I1–I10 from journals alone, and says which does not hold, and where.");
        command.Arguments.Add(paths);
        ClusterOptions.AddTo(command);
        command.Options.Add(digest);
        command.Options.Add(bound);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(async (result, cancellation) =>
        {
            IReadOnlyList<IReadOnlyList<JournalEntry>> journals = await ReadAsync(result, paths, cancellation);
            IReadOnlyList<Violation> violations = new JournalChecker(journals, result.GetValue(digest), result.GetValue(bound) ?? 20).Check();
            if (result.GetValue(CommonOptions.Json))
            {
                Console.Out.WriteLine(new JsonObject
                {
                    ["entries"] = journals.Sum(j => j.Count),
                    ["violations"] = new JsonArray([.. violations.Select(v => (JsonNode)new JsonObject { ["invariant"] = v.Invariant, ["where"] = v.Where, ["what"] = v.What })]),
                }.ToJsonString(StrictJson.Compact));
            }
            else
            {
                foreach (Violation violation in violations)
                {
                    Console.Out.WriteLine($"{violation.Invariant}  {violation.Where}: {violation.What}");
                }

                Console.Out.WriteLine($"{journals.Sum(j => j.Count):N0} entries in {Words(journals.Count, "journal")}: {(violations.Count == 0 ? "all invariants hold" : Words(violations.Count, "violation"))}");
            }

            return violations.Count == 0 ? Failures.Success : throw new RunFailedException($"{Words(violations.Count, "violation")} of the invariants");
        });
        return command;
    }

    internal static Command Report()
    {
        Argument<string[]> paths = Paths();
        Command command = new("report", "Sums up faults, detections and recoveries of a run from its journals.");
        command.Arguments.Add(paths);
        ClusterOptions.AddTo(command);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(async (result, cancellation) =>
        {
            JournalSummary summary = JournalSummary.Of(await ReadAsync(result, paths, cancellation));
            if (result.GetValue(CommonOptions.Json))
            {
                JsonObject kinds = [];
                foreach ((string kind, int count) in summary.FaultsByKind)
                {
                    kinds[kind] = count;
                }

                Console.Out.WriteLine(new JsonObject
                {
                    ["steps"] = summary.Steps,
                    ["digest"] = summary.Digest,
                    ["error"] = summary.Error,
                    ["generations"] = summary.Generations,
                    ["faults"] = kinds,
                    ["detections"] = summary.Detections,
                    ["recoveries"] = summary.Recoveries,
                    ["recovery_seconds_median"] = summary.MedianRecoverySeconds,
                    ["recovery_seconds_max"] = summary.LongestRecoverySeconds,
                    ["recomputed_steps"] = summary.RecomputedSteps,
                    ["goodput"] = summary.Goodput,
                }.ToJsonString(StrictJson.Compact));
                return Failures.Success;
            }

            string faults = summary.FaultsByKind.Count == 0 ? "none" : string.Join(", ", summary.FaultsByKind.Select(k => $"{k.Count:N0} {k.Kind}"));
            Console.Out.WriteLine($"steps       {summary.Steps:N0} in {Words(summary.Generations, "generation")}");
            Console.Out.WriteLine($"faults      {faults}");
            Console.Out.WriteLine($"detections  {summary.Detections:N0}");
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"recoveries  {summary.Recoveries:N0}, median {summary.MedianRecoverySeconds:F2} s, longest {summary.LongestRecoverySeconds:F2} s, {Words((int)summary.RecomputedSteps, "step")} computed again"));
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"goodput     {summary.Goodput:P1} of the steps that were computed counted"));
            Console.Out.WriteLine(summary.Error is null ? $"digest      {summary.Digest ?? "none yet"}" : $"failed      {summary.Error}");
            return Failures.Success;
        });
        return command;
    }

    private static Argument<string[]> Paths() =>
        new("JOURNAL|RUN") { Description = "Journal files of one run, or folders with them; or the run's id, when a cluster is named.", Arity = ArgumentArity.OneOrMore };

    /// <summary>What is no path is a run, if there is a cluster to ask.</summary>
    private static async Task<IReadOnlyList<IReadOnlyList<JournalEntry>>> ReadAsync(ParseResult result, Argument<string[]> argument, CancellationToken cancellation)
    {
        string[] names = result.GetValue(argument)!;
        if (names is not [var id] || Path.Exists(id) || ClusterOptions.Of(result) is not { } where)
        {
            return JournalFiles.Read(names);
        }

        await using RemoteCluster cluster = await RemoteCluster.ConnectAsync(where, cancellation);
        IReadOnlyList<(string Name, string Text)> journals = await JournalCollector.ReadAsync(cluster, RunIds.Check(id)!, cancellation);
        return journals.Count == 0
            ? throw new RunFailedException($"no silo of cluster {cluster.Name} has a journal of run {id}; silos keep them for runs with --chaos or --journal")
            : [.. journals.Select(journal => JournalFiles.Parse(journal.Text, journal.Name))];
    }

    private static string Words(int count, string thing) => Output.Words.Count(count, thing);
}
