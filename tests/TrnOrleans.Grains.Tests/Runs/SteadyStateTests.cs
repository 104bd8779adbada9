using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>Alone in the process: what others allocate would be counted, too.</summary>
[CollectionDefinition(nameof(SteadyState), DisableParallelization = true)]
public sealed class SteadyState;

[Collection(nameof(SteadyState))]
public sealed class SteadyStateTests
{
    // Measured: 8.9 KB, three grain calls with their tasks and timers, two of which can be made again; nothing that grows with the network or
    // the batch.
    private const double MostBytesAChipAndStep = 12 * 1024;

    // Code that the runtime has not optimised yet allocates three times as much: it is steps behind those that count. Background compilation
    // is not awaited; it lags when the machine is busy, so the warm-up has many times the calls after which a method is compiled again.
    private const long WarmUp = 1000;
    private const long Counted = 1000;

    [Theory]
    [InlineData(16, 16)]
    [InlineData(16, 64)]
    public async Task A_step_allocates_a_few_messages_a_chip_whatever_it_computes(int chips, int width)
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await Allocated(silo, "first", chips, width, WarmUp);
        double few = await Allocated(silo, "few", chips, width, steps: 30);
        double many = await Allocated(silo, "many", chips, width, 30 + Counted);
        double each = (many - few) / (Counted * chips);
        TestContext.Current.SendDiagnosticMessage("width {0}: {1:F0} bytes a chip and step", width, each);
        Assert.True(each < MostBytesAChipAndStep, $"{each:F0} bytes a chip and step");
    }

    private static async Task<double> Allocated(TestSilo silo, string id, int chips, int width, long steps)
    {
        Specs.RunSpec spec = TestSilo.TinySpec(chips, batch: chips, steps: steps);
        spec = spec with { Model = spec.Model with { Width = width, HeadWidth = width / 2, Hidden = 4 * width } };
        long before = GC.GetTotalAllocatedBytes(precise: true);
        List<RunEvent> events = await silo.TrainAsync(spec, id);
        Assert.Equal(steps, TestSilo.End(events).Steps);
        await silo.Run(id).Close(TestSilo.Token);
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }
}
