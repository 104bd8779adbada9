using System.Globalization;
using TrnOrleans.Chaos.Checking;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Tests.Runs;

namespace TrnOrleans.Chaos.Tests;

/// <summary>What takes minutes: a storm in one process, and how much of the work counts while faults strike. tests/soak.sh runs them.</summary>
public sealed class SoakTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(20);

    [Fact]
    public async Task A_storm_of_thousands_of_faults_changes_no_bit()
    {
        SkipUnlessAsked();
        RunSpec spec = TestSilo.TinySpec(chips: 4, ultraServers: 4, batch: 16, steps: 1500);
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, FaultPresets.Find("storm")!, deadline: s_deadline);
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        JournalSummary summary = JournalSummary.Of(result.Journals);
        int faults = summary.FaultsByKind.Sum(k => k.Count);
        TestContext.Current.TestOutputHelper!.WriteLine($"{faults} faults, {summary.Recoveries} recoveries");
        Assert.True(faults >= 2000, $"{faults} faults");
    }

    /// <summary>Faults of chips and UltraServers, one in so many steps: the share of the computed steps that counted.</summary>
    [Theory]
    [InlineData(5.5, 0.9)]
    [InlineData(1.4, 0.5)]
    public async Task Useful_steps_by_all_that_were_computed(double stepsAFault, double bar)
    {
        SkipUnlessAsked();
        RunSpec spec = TestSilo.TinySpec(chips: 4, ultraServers: 2, batch: 8, steps: 600);

        // Of ten faults eight are of a chip, of which there are eight, and two of an UltraServer, of which there are two.
        double each = 1 / stepsAFault / 10;
        FaultManifest manifest = new() { Seed = 4, Faults = [new FaultRule { Kind = "chip_error", Rate = each }, new FaultRule { Kind = "switch_down", Rate = each }] };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest, deadline: s_deadline);
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        JournalSummary summary = JournalSummary.Of(result.Journals);
        double faults = summary.FaultsByKind.Sum(k => k.Count);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a fault in {summary.Steps / faults:F1} steps: {summary.Goodput:P1} of the steps counted, {summary.Recoveries} recoveries"));
        Assert.True(summary.Goodput >= bar, $"{summary.Goodput:P1}");
    }

    private static void SkipUnlessAsked() =>
        Assert.SkipUnless(Environment.GetEnvironmentVariable("TRN_SOAK") == "1", "takes minutes; tests/soak.sh runs it");
}
