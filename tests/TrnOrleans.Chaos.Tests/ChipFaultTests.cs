using Orleans.Hosting;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Tests.Runs;

namespace TrnOrleans.Chaos.Tests;

/// <summary>Invariant 4: a run that cannot go on ends with a named error, and does not hang.</summary>
public sealed class ChipFaultTests
{
    [Fact]
    public async Task A_failing_chip_ends_the_run_by_name_at_the_step_that_the_schedule_decides()
    {
        const int Chips = 3;
        ChipFault fault = new(Seed: 5, Rate: 0.02);
        long expected = Enumerable.Range(0, 1000).First(step =>
            Enumerable.Range(0, Chips).Any(chip => FaultDecision.Happens(fault.Seed, $"0/{chip}.compute", step, 1, fault.Rate)));
        await using TestSilo silo = await TestSilo.StartAsync(configure: s => s.AddIncomingGrainCallFilter(new ChipFaultFilter(fault)));
        List<RunEvent> events = await silo.TrainAsync(TestSilo.TinySpec(Chips, steps: 1000));
        FailedEvent failed = Assert.IsType<FailedEvent>(events[^1]);
        Assert.Contains($"failed at step {expected}", failed.Message, StringComparison.Ordinal);
        Assert.Contains("reports status 101", failed.Message, StringComparison.Ordinal);
        Assert.Equal(expected, events.OfType<StepEvent>().Count());
    }

    [Fact]
    public async Task A_schedule_without_faults_changes_no_bit()
    {
        await using TestSilo plain = await TestSilo.StartAsync();
        await using TestSilo filtered = await TestSilo.StartAsync(configure: s => s.AddIncomingGrainCallFilter(new ChipFaultFilter(new ChipFault(5, 0))));
        Assert.Equal(
            TestSilo.End(await plain.TrainAsync(TestSilo.TinySpec())).Digest, TestSilo.End(await filtered.TrainAsync(TestSilo.TinySpec())).Digest);
    }
}
