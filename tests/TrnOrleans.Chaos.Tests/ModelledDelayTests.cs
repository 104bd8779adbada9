using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Tests.Runs;

namespace TrnOrleans.Chaos.Tests;

/// <summary>What faults cost in modelled time: who is late, in which step, and by how much; the bits stay.</summary>
public sealed class ModelledDelayTests
{
    private const int Steps = 8;

    [Theory]
    [InlineData("straggler", 2.5, 0)]
    [InlineData("hang", 0, 0.02)]
    [InlineData("chip_error", 1, 0)]
    [InlineData("lost_request", 1, 0)]
    [InlineData("lost_reply", 1, 0)]
    public async Task A_fault_makes_its_chip_late_in_its_step(string kind, double kernels, double seconds)
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, ultraServers: 2, steps: Steps);
        FaultManifest manifest = new() { Seed = 1, Faults = [new FaultRule { Kind = kind, Target = "1/2", AtStep = 5, Seconds = 0.02, Factor = 3.5 }] };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest);
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        StepEvent[] steps = [.. result.Events.OfType<StepEvent>()];
        Assert.Equal(Steps, steps.Length);
        Assert.All(steps, step => Assert.Equal(step.Step == 5 ? [new ChipDelay(5, kernels, seconds)] : [], step.Delays));
    }

    /// <summary>As many as there are, of both UltraServers, in order of their ranks.</summary>
    [Fact]
    public async Task All_late_chips_are_known_in_a_step()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, ultraServers: 2, steps: 3);
        FaultManifest manifest = new() { Seed = 1, Faults = [new FaultRule { Kind = "straggler", Rate = 1, Factor = 2 }] };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest);
        Assert.All(result.Events.OfType<StepEvent>(), step => Assert.Equal(Enumerable.Range(0, 6).Select(rank => new ChipDelay(rank, 1, 0)), step.Delays));
    }
}
