using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Tests.Runs;
using TrnOrleans.Tests;

namespace TrnOrleans.Chaos.Tests;

/// <summary>Bits that change without an error from anybody: found before the commit when all is verified, and never where nothing was done.</summary>
public sealed class CorruptionTests
{
    private static readonly RunOptions s_full = RunOptions.None with { Verify = 1 };

    /// <summary>A thousand runs of two steps, each with one bit that flips in a place of its own: a chip's gradient, or its memory.</summary>
    [Theory]
    [InlineData("bit_flip_compute", 500)]
    [InlineData("bit_flip_shard", 500)]
    public async Task Every_single_bit_is_found_before_the_commit(string kind, int flips)
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, ultraServers: 2, steps: 2);
        string expected = await ChaosRun.FaultFreeDigestAsync(spec);
        using TempFolder folder = new();
        await using TestSilo silo = await ChaosRun.StartSiloAsync(folder);
        for (int flip = 0; flip < flips; flip++)
        {
            string target = $"{flip % 2}/{flip / 2 % 3}";
            FaultManifest manifest = new() { Seed = (ulong)flip, Faults = [new FaultRule { Kind = kind, Target = target, AtStep = flip / 6 % 2 }] };
            ChaosRun.Result result = await ChaosRun.OfAsync(silo, $"{kind}{flip}", spec, manifest, s_full);
            string violations = ChaosRun.Violations(result, expected);
            Assert.True(violations.Length == 0, $"flip {flip}: {violations}");

            // Found in the very step; and it is the chip that did it which goes.
            FaultDetected found = Assert.Single(result.Journals.SelectMany(j => j).OfType<FaultDetected>(), d => d.IsCorruption);
            Assert.Equal(flip / 6 % 2, found.Step);
            Assert.Contains($"chip {target}", found.What, StringComparison.Ordinal);
            Assert.Equal(kind == "bit_flip_compute" ? [target] : [], result.Journals.SelectMany(j => j).OfType<ChipQuarantined>().Select(q => q.Place));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.3)]
    public async Task Nothing_is_found_where_nothing_was_done(double verify)
    {
        RunSpec spec = TestSilo.TinySpec(chips: 4, ultraServers: 2, batch: 16, steps: 60);
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, new FaultManifest(), RunOptions.None with { Verify = verify });
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        Assert.Empty(result.Journals.SelectMany(j => j).OfType<FaultDetected>());
    }

    /// <summary>A chip that is broken for good lies in every step, also as a witness: once it is found out, a spare is in its place.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(2)]
    public async Task A_chip_that_always_lies_is_replaced(int chips)
    {
        RunSpec spec = TestSilo.TinySpec(chips, ultraServers: 1, steps: 10);
        FaultManifest manifest = new() { Faults = [new FaultRule { Kind = "bit_flip_compute", Target = "0/1", Rate = 1, FromStep = 4 }] };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest, s_full);
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        string[] replaced = [.. result.Journals.SelectMany(j => j).OfType<ChipQuarantined>().Select(q => q.Place)];

        // Of two that contradict each other either may be the liar, and both go.
        Assert.Contains("0/1", replaced);
        Assert.True(chips == 2 || replaced.Length == 1, string.Join(", ", replaced));
        Assert.True(chips == 2 || result.Events.OfType<RecoveryEvent>().Count() == 1);
    }

    /// <summary>What is not looked at is not found: the checker says so, and the bits are others.</summary>
    [Fact]
    public async Task Without_verification_a_flipped_bit_goes_through_and_the_checker_says_it()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, steps: 6);
        FaultManifest manifest = new() { Faults = [new FaultRule { Kind = "bit_flip_compute", Target = "0/0", Rate = 1 }] };
        string violations = ChaosRun.Violations(await ChaosRun.OfAsync(spec, manifest), await ChaosRun.FaultFreeDigestAsync(spec));
        Assert.Contains("I1", violations, StringComparison.Ordinal);
        Assert.Contains("I9", violations, StringComparison.Ordinal);
    }

    /// <summary>The only replica there is has a rotten bit: the checkpoint before it.</summary>
    [Fact]
    public async Task Rot_in_the_only_replica_costs_a_cold_start()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, steps: 12);
        using TempFolder folder = new();
        FaultManifest manifest = new() { Faults = [new FaultRule { Kind = "bit_flip_shard", Target = "0/2", AtStep = 8 }] };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest, s_full with { Checkpoints = new CheckpointOptions(folder.At("c"), 3, 3) });
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        Assert.True(Assert.Single(result.Journals.SelectMany(j => j).OfType<RunRecovered>()).IsCold);
    }
}
