using System.Text.Json;
using TrnOrleans.Chaos.Checking;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Tests.Runs;
using TrnOrleans.Models.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Chaos.Tests;

/// <summary>A run with faults on a silo of its own, what it said, and what its journals say.</summary>
internal static class ChaosRun
{
    internal sealed record Result(List<RunEvent> Events, IReadOnlyList<IReadOnlyList<Grains.Journal.JournalEntry>> Journals);

    /// <summary>A silo that takes part in runs with faults.</summary>
    internal static Task<TestSilo> StartSiloAsync(TempFolder journals, int threads = 2) =>
        TestSilo.StartAsync(threads, configure: s => s.AddChaos(allowsKill: false), journals: journals.Root);

    /// <summary>Runs to the end, which must come in 40 seconds.</summary>
    internal static async Task<Result> OfAsync(RunSpec spec, FaultManifest manifest, CheckpointOptions? checkpoints = null, bool resumes = false, int threads = 2, double verify = 0)
    {
        using TempFolder folder = new();
        await using TestSilo silo = await StartSiloAsync(folder, threads);
        return await OfAsync(silo, "run", spec, manifest, checkpoints, resumes, verify);
    }

    /// <summary>The same on a silo that is there.</summary>
    internal static async Task<Result> OfAsync(
        TestSilo silo, string id, RunSpec spec, FaultManifest manifest, CheckpointOptions? checkpoints = null, bool resumes = false, double verify = 0)
    {
        ITrainingRun run = silo.Run(id);
        RunOptions options = new(Journals: true, JsonSerializer.Serialize(manifest, StrictJson.Compact), checkpoints, resumes, verify);
        await run.Start(TestSilo.Text(spec), RunContent.None, options, TestSilo.Token);
        List<RunEvent> events = await TestSilo.FollowAsync(run).WaitAsync(TimeSpan.FromSeconds(40), TestSilo.Token);
        await run.Close(TestSilo.Token);
        return new Result(events, JournalFiles.Read(silo.Journals.Files(id)));
    }

    /// <summary>The digest of the same run when nothing is done to it.</summary>
    internal static async Task<string> FaultFreeDigestAsync(RunSpec spec)
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        return TestSilo.End(await silo.TrainAsync(spec)).Digest;
    }

    /// <summary>What the checker finds, as text; empty when all is well.</summary>
    internal static string Violations(Result result, string? expectedDigest) =>
        string.Join('\n', new JournalChecker(result.Journals, expectedDigest).Check());
}
