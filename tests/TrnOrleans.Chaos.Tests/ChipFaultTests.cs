using Orleans.Hosting;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Tests.Runs;

namespace TrnOrleans.Chaos.Tests;

/// <summary>Invariant 4: a run that cannot go on ends with a named error, and does not hang.</summary>
public sealed class ChipFaultTests
{
    /// <summary>With 72 chips there are far more chips than buffers: a failed one must not leave the others waiting for its buffer.</summary>
    [Theory]
    [InlineData(3, 0.02)]
    [InlineData(72, 0.002)]
    public async Task A_failing_chip_ends_the_run_by_name_at_the_step_that_the_schedule_decides(int chips, double rate)
    {
        ChipFault fault = new(Seed: 5, rate);
        long expected = Enumerable.Range(0, 1000).First(step =>
            Enumerable.Range(0, chips).Any(chip => FaultDecision.Happens(fault.Seed, $"0/{chip}.compute", step, 1, fault.Rate)));
        await using TestSilo silo = await TestSilo.StartAsync(configure: s => s.AddIncomingGrainCallFilter(new ChipFaultFilter(fault)));
        List<RunEvent> events = await silo.TrainAsync(TestSilo.TinySpec(chips, batch: 72, steps: 1000))
            .WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
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
