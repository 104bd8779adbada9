using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>Alone in the process: what others allocate would be counted, too.</summary>
[CollectionDefinition(nameof(SteadyState), DisableParallelization = true)]
public sealed class SteadyState;

[Collection(nameof(SteadyState))]
public sealed class SteadyStateTests
{
    // Measured: 20.9 KB, three grain calls with their tasks and timers, two of which can be made again (4 KB of it); nothing that grows with
    // the network or the batch.
    private const double MostBytesAChipAndStep = 24 * 1024;

    [Theory]
    [InlineData(16, 16)]
    [InlineData(16, 64)]
    public async Task A_step_allocates_a_few_messages_a_chip_whatever_it_computes(int chips, int width)
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await Allocated(silo, "first", chips, width, steps: 30);
        double few = await Allocated(silo, "few", chips, width, steps: 30);
        double many = await Allocated(silo, "many", chips, width, steps: 130);
        double each = (many - few) / (100 * chips);
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
