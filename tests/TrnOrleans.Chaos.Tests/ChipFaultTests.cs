using Orleans.Hosting;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Tests.Runs;

namespace TrnOrleans.Chaos.Tests;

/// <summary>Chips that report errors: the run goes on with the same bits, or ends by name, and does not hang.</summary>
public sealed class ChipFaultTests
{
    /// <summary>With 72 chips there are far more chips than buffers: a failed one must not leave the others waiting for its buffer.</summary>
    [Theory]
    [InlineData(3, 2, 0.05)]
    [InlineData(72, 1, 0.01)]
    [InlineData(2, 2, 0.5)]
    public async Task Failing_kernel_steps_change_no_bit(int chips, int ultraServers, double rate)
    {
        RunSpec spec = TestSilo.TinySpec(chips, ultraServers, batch: 72, steps: 60);
        await using TestSilo plain = await TestSilo.StartAsync();
        await using TestSilo failing = await TestSilo.StartAsync(configure: s => s.AddIncomingGrainCallFilter(new ChipFaultFilter(new ChipFault(Seed: 5, rate))));
        List<RunEvent> events = await failing.TrainAsync(spec).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        Assert.Equal(TestSilo.End(await plain.TrainAsync(spec)).Digest, TestSilo.End(events).Digest);
        Assert.Equal(Enumerable.Range(0, 60).Select(s => (long)s), events.OfType<StepEvent>().Select(s => s.Step));

        // At every second one, now and then all attempts at one kernel step fail, and the step is begun anew.
        Assert.Equal(rate == 0.5, events.Any(e => e is RecoveryEvent));
    }

    [Fact]
    public async Task A_chip_that_always_fails_ends_the_run_by_name()
    {
        await using TestSilo silo = await TestSilo.StartAsync(configure: s => s.AddIncomingGrainCallFilter(new ChipFaultFilter(new ChipFault(5, 1))));
        List<RunEvent> events = await silo.TrainAsync(TestSilo.TinySpec()).WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        FailedEvent failed = Assert.IsType<FailedEvent>(events[^1]);
        Assert.Contains("failures without a step in between", failed.Message, StringComparison.Ordinal);
        Assert.Contains("reports ExecutionUnitUnrecoverable", failed.Message, StringComparison.Ordinal);
        Assert.Empty(events.OfType<StepEvent>());
    }
}
