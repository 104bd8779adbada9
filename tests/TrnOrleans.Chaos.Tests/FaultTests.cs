using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Tests.Runs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Precision;

namespace TrnOrleans.Chaos.Tests;

/// <summary>Every kind of fault that needs no other process: the run goes on with the same bits, and the checker finds nothing.</summary>
public sealed class FaultTests
{
    private const int Steps = 12;

    /// <summary>One fault of a kind at one place and step.</summary>
    [Theory]
    [InlineData("chip_error", "1/2", false)]
    [InlineData("hang", "0/1", false)]
    [InlineData("straggler", "1/0", false)]
    [InlineData("lost_request", "1/1", false)]
    [InlineData("lost_reply", "0/2", false)]
    [InlineData("nan", "1/1", true)]
    [InlineData("hbm_error", "0/2", true)]
    [InlineData("switch_down", "1", true)]
    [InlineData("deactivate", "0", true)]
    [InlineData("ultraserver_lost", "1", true)]
    public async Task One_fault_changes_no_bit(string kind, string target, bool recovers)
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, ultraServers: 2, steps: Steps);
        FaultManifest manifest = new() { Seed = 1, Faults = [new FaultRule { Kind = kind, Target = target, AtStep = 5, Seconds = 3 }] };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest);
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        Assert.Equal(Enumerable.Range(0, Steps).Select(s => (long)s), result.Events.OfType<StepEvent>().Select(s => s.Step));
        Assert.True(!recovers || result.Events.Any(e => e is RecoveryEvent));
        FaultInjected injected = Assert.Single(result.Journals.SelectMany(j => j).OfType<FaultInjected>());
        Assert.Equal((kind, target, 5L, 0), (injected.Kind, injected.Site, injected.Step, injected.Attempt));
    }

    /// <summary>The scale of losses and the draws of stochastic rounding are part of what is recovered.</summary>
    [Theory]
    [InlineData("switch_down", "1")]
    [InlineData("hbm_error", "0/2")]
    [InlineData("lost_reply", "0/2")]
    [InlineData("nan", "1/1")]
    public async Task One_fault_changes_no_bit_in_any_format(string kind, string target)
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, ultraServers: 2, steps: 30) with
        {
            Precision = new PrecisionSpec { Recipe = "mixed_precisionSR", Gradients = "fp16", LossScaling = LossScalingKind.Dynamic, LossScale = 1L << 40 },
        };
        FaultManifest manifest = new() { Seed = 1, Faults = [new FaultRule { Kind = kind, Target = target, AtStep = 11, Seconds = 3 }, new FaultRule { Kind = kind, Target = target, AtStep = 25, Seconds = 3 }] };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest);
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        StepEvent[] steps = [.. result.Events.OfType<StepEvent>()];
        Assert.Contains(steps, s => s.IsSkipped);
        Assert.Contains(steps, s => !s.IsSkipped);
    }

    /// <summary>Half of all writes of the run's record fail, and with them now and then a new generation, which is begun anew.</summary>
    [Fact]
    public async Task A_store_that_comes_and_goes_changes_no_bit()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, ultraServers: 2, steps: 30);
        FaultManifest manifest = new() { Seed = 2, Faults = [new FaultRule { Kind = "store_unavailable", Rate = 0.5 }, new FaultRule { Kind = "switch_down", Rate = 0.2 }] };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest);
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        Assert.True(result.Journals.SelectMany(j => j).OfType<FaultInjected>().Count(f => f.Kind == "store_unavailable") > 3);
        Assert.Contains(result.Events, e => e is RecoveryEvent);
    }

    /// <summary>With 72 chips there are far more chips than buffers: a failed one must not leave the others waiting for its buffer.</summary>
    [Theory]
    [InlineData(72, 1, 0.01)]
    [InlineData(2, 2, 0.5)]
    public async Task Failing_kernel_steps_change_no_bit(int chips, int ultraServers, double rate)
    {
        RunSpec spec = TestSilo.TinySpec(chips, ultraServers, batch: 72, steps: 40);
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, new FaultManifest { Seed = 5, Faults = [new FaultRule { Kind = "chip_error", Rate = rate }] });
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));

        // At every second one, now and then all attempts at one kernel step fail, and the step is begun anew.
        Assert.True(rate < 0.5 || result.Events.Any(e => e is RecoveryEvent));
    }

    /// <summary>Kernels that run when their generation ends must not meet the one that comes: they would fold old gradients into its buffers.</summary>
    [Fact]
    public async Task A_generation_that_ends_in_the_middle_of_its_kernels_leaves_nothing_behind()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 4, ultraServers: 2, batch: 16, steps: 40) with { Model = Presets.GptNano };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, new FaultManifest { Seed = 4, Faults = [new FaultRule { Kind = "switch_down", Rate = 0.3 }] });
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        Assert.True(result.Events.OfType<RecoveryEvent>().Count() > 10);
    }

    [Fact]
    public async Task A_chip_that_always_fails_ends_the_run_by_name()
    {
        ChaosRun.Result result = await ChaosRun.OfAsync(TestSilo.TinySpec(), new FaultManifest { Faults = [new FaultRule { Kind = "chip_error", Rate = 1 }] });
        FailedEvent failed = Assert.IsType<FailedEvent>(result.Events[^1]);
        Assert.Contains("failures without a step in between", failed.Message, StringComparison.Ordinal);
        Assert.Contains("reports ExecutionUnitUnrecoverable", failed.Message, StringComparison.Ordinal);
        Assert.Empty(result.Events.OfType<StepEvent>());
        Assert.Empty(ChaosRun.Violations(result, null));
    }

    [Fact]
    public async Task The_only_replica_that_loses_a_shard_ends_the_run_by_name()
    {
        ChaosRun.Result result = await ChaosRun.OfAsync(TestSilo.TinySpec(), new FaultManifest { Faults = [new FaultRule { Kind = "hbm_error", Target = "0/1", AtStep = 2 }] });
        FailedEvent failed = Assert.IsType<FailedEvent>(result.Events[^1]);
        Assert.Contains("no silo is left that has a replica", failed.Message, StringComparison.Ordinal);
        Assert.Contains("chip 0/1 reports HbmUncorrectable", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_manifest_gives_the_same_faults()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 4, ultraServers: 2, batch: 8, steps: 30);
        FaultManifest manifest = new() { Seed = 9, Faults = [new FaultRule { Kind = "chip_error", Rate = 0.1 }, new FaultRule { Kind = "switch_down", Rate = 0.05 }] };
        string[][] twice = [.. await Task.WhenAll(Faults(), Faults())];
        Assert.NotEmpty(twice[0]);
        Assert.Equal(twice[0], twice[1]);

        async Task<string[]> Faults() =>
            [.. (await ChaosRun.OfAsync(spec, manifest)).Journals.SelectMany(j => j).OfType<FaultInjected>().Select(f => $"{f.Step} {f.Kind} {f.Site} {f.Attempt}").Order(StringComparer.Ordinal)];
    }
}
