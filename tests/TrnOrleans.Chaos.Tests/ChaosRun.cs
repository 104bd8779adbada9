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

    /// <summary>Runs to the end, which must come in 40 seconds, or in time.</summary>
    internal static async Task<Result> OfAsync(RunSpec spec, FaultManifest manifest, RunOptions? options = null, int threads = 2, TimeSpan? deadline = null)
    {
        using TempFolder folder = new();
        await using TestSilo silo = await StartSiloAsync(folder, threads);
        return await OfAsync(silo, "run", spec, manifest, options, deadline);
    }

    /// <summary>The same on a silo that is there.</summary>
    internal static async Task<Result> OfAsync(TestSilo silo, string id, RunSpec spec, FaultManifest manifest, RunOptions? options = null, TimeSpan? deadline = null)
    {
        ITrainingRun run = silo.Run(id);
        options = (options ?? RunOptions.None) with { Journals = true, Chaos = JsonSerializer.Serialize(manifest, StrictJson.Compact) };
        List<RunEvent> events = await ToTheEndAsync(run, spec, options).WaitAsync(deadline ?? TimeSpan.FromSeconds(40), TestSilo.Token);
        await run.Close(TestSilo.Token);
        return new Result(events, JournalFiles.Read(silo.Journals.Files(id)));
    }

    /// <summary>All that a run says; when its own grain is lost in between, all that the next one says.</summary>
    private static async Task<List<RunEvent>> ToTheEndAsync(ITrainingRun run, RunSpec spec, RunOptions options)
    {
        while (true)
        {
            try
            {
                await run.Start(TestSilo.Text(spec), RunContent.None, options, TestSilo.Token);
                return await TestSilo.FollowAsync(run);
            }
            catch (Exception error) when (error is RunMovingException or EnumerationAbortedException)
            {
                // It lives elsewhere by now.
                await Task.Delay(TimeSpan.FromMilliseconds(10), TestSilo.Token);
            }
        }
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
