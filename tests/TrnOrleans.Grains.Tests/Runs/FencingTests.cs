using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>Invariant 3: what is late, doubled or of another generation is refused, counted, and changes nothing.</summary>
public sealed class FencingTests
{
    [Fact]
    public async Task A_chip_refuses_other_generations_runs_and_steps_that_it_has_applied()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.TrainAsync(TestSilo.TinySpec(chips: 1, steps: 3));
        ITrainiumChip chip = silo.Grains.GetGrain<ITrainiumChip>(GrainKeys.Chip("run", 0, 0));
        ShardDigest before = await chip.Digest(new StepTicket("run", 1, 3), TestSilo.Token);
        foreach (StepTicket ticket in new[] { new StepTicket("run", 0, 3), new StepTicket("run", 2, 3), new StepTicket("other", 1, 3), new StepTicket("run", 1, 2) })
        {
            await Assert.ThrowsAsync<StaleMessageException>(() => chip.Apply(ticket, 0, 1, 1, TestSilo.Token));
            await Assert.ThrowsAsync<StaleMessageException>(() => chip.ComputeGradient(ticket, 0, TestSilo.Token));
        }

        Assert.Equal(before, await chip.Digest(new StepTicket("run", 1, 3), TestSilo.Token));
    }

    [Fact]
    public async Task The_switch_refuses_and_counts_what_is_late_or_doubled()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.TrainAsync(TestSilo.TinySpec(chips: 2, steps: 3));
        INeuronSwitch neuronSwitch = silo.Grains.GetGrain<INeuronSwitch>(GrainKeys.UltraServer("run", 0));
        Assert.Equal(0, await neuronSwitch.StaleMessages(TestSilo.Token));
        await Assert.ThrowsAsync<StaleMessageException>(() => neuronSwitch.Contribute(new StepTicket("run", 1, 2), 0, 0, TestSilo.Token));
        await Assert.ThrowsAsync<StaleMessageException>(() => neuronSwitch.Contribute(new StepTicket("run", 0, 3), 0, 0, TestSilo.Token));
        await neuronSwitch.Contribute(new StepTicket("run", 1, 3), 0, 0, TestSilo.Token);
        await Assert.ThrowsAsync<StaleMessageException>(() => neuronSwitch.Contribute(new StepTicket("run", 1, 3), 0, 1, TestSilo.Token));
        Assert.Equal(3, await neuronSwitch.StaleMessages(TestSilo.Token));
    }

    [Fact]
    public async Task An_UltraServer_refuses_blocks_of_steps_that_are_over()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.TrainAsync(TestSilo.TinySpec(ultraServers: 2, steps: 3));
        IUltraServer server = silo.Grains.GetGrain<IUltraServer>(GrainKeys.UltraServer("run", 0));
        ExchangeBlock block = new(1, 0, Down: false, 0, StopAfter: false, new TensorBlock(new float[16]));
        await Assert.ThrowsAsync<StaleMessageException>(() => server.Exchange(new StepTicket("run", 1, 2), block, TestSilo.Token));
        await Assert.ThrowsAsync<StaleMessageException>(() => server.Exchange(new StepTicket("run", 0, 3), block, TestSilo.Token));
    }
}
