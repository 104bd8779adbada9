using TrnOrleans.Chaos.Checking;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Tests.Runs;
using TrnOrleans.Tests;

namespace TrnOrleans.Chaos.Tests;

/// <summary>Many short runs, each with faults of many kinds at random places: none may hang, and each ends with the bits of the fault-free run.</summary>
public sealed class SeedTests
{
    // Faults that cost time cost no processor.
    private const int AtOnce = 4;

    /// <summary>TRN_CHAOS_SEED runs one seed alone; TRN_CHAOS_SEEDS says how many.</summary>
    [Fact]
    public async Task Random_schedules_change_no_bit()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, ultraServers: 2, steps: 8);
        string expected = await ChaosRun.FaultFreeDigestAsync(spec);
        ulong[] seeds = Environment.GetEnvironmentVariable("TRN_CHAOS_SEED") is { } one
            ? [ulong.Parse(one, System.Globalization.CultureInfo.InvariantCulture)]
            : [.. Enumerable.Range(1, int.Parse(Environment.GetEnvironmentVariable("TRN_CHAOS_SEEDS") ?? "1000", System.Globalization.CultureInfo.InvariantCulture)).Select(s => (ulong)s)];
        using TempFolder folder = new();
        await using TestSilo silo = await ChaosRun.StartSiloAsync(folder);

        // Less patience than where steps are longer: on a busy machine some chips are asked again for no reason, which must not matter.
        (silo.Deadlines.Chip, silo.Deadlines.FirstStep) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500));
        await Parallel.ForEachAsync(seeds, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (seed, _) => await Check(silo, spec, seed, expected));
    }

    private static async Task Check(TestSilo silo, RunSpec spec, ulong seed, string expected)
    {
        string id = $"seed{seed}";
        try
        {
            ChaosRun.Result result = await ChaosRun.OfAsync(silo, id, spec, Schedule(seed));
            string violations = ChaosRun.Violations(result, expected);
            Assert.True(violations.Length == 0 && result.Events[^1] is EndEvent, $"TRN_CHAOS_SEED={seed} replays this: {result.Events[^1]}\n{violations}");
        }
        catch (TimeoutException)
        {
            IEnumerable<object> last = JournalFiles.Read(silo.Journals.Files(id)).SelectMany(j => j).TakeLast(12);
            Assert.Fail($"TRN_CHAOS_SEED={seed} replays this: the run hangs after\n{string.Join('\n', last)}");
        }
    }

    /// <summary>Three kinds out of all, at rates of a few in a hundred; a NaN that comes three times in a row would rightly be believed.</summary>
    private static FaultManifest Schedule(ulong seed)
    {
        string[] kinds =
        [
            "chip_error", "straggler", "lost_reply", "nan", "switch_down", "deactivate", "hang", "lost_request", "ultraserver_lost", "store_unavailable", "conductor_lost",
        ];
        long first = FaultDecision.Below(seed, "kind", 0, 0, kinds.Length);
        return new FaultManifest { Seed = seed, Faults = [.. Enumerable.Range(0, 3).Select(i => Rule(kinds[(first + (2 * i)) % kinds.Length], i))] };

        FaultRule Rule(string kind, int i)
        {
            double rate = 0.01 + (0.04 * FaultDecision.Below(seed, "rate", i, 0, 100) / 100);
            return new FaultRule { Kind = kind, Rate = kind is "nan" or "conductor_lost" ? rate / 10 : rate, Seconds = 0.05 };
        }
    }
}
