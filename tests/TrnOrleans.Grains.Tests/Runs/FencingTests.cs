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
        ITrainiumChip chip = silo.Grains.GetGrain<ITrainiumChip>(GrainKeys.Chip("run", 1, 0, 0));
        ShardDigest before = await chip.Digest(new StepTicket("run", 1, 3), TestSilo.Token);
        foreach (StepTicket ticket in new[] { new StepTicket("run", 0, 3), new StepTicket("run", 2, 3), new StepTicket("other", 1, 3), new StepTicket("run", 1, 2) })
        {
            await Assert.ThrowsAsync<StaleMessageException>(() => chip.Apply(ticket, 1, 1, TestSilo.Token));
            await Assert.ThrowsAsync<StaleMessageException>(() => chip.ComputeGradient(ticket, 0, TestSilo.Token));
        }

        Assert.Equal(before, await chip.Digest(new StepTicket("run", 1, 3), TestSilo.Token));
    }

    [Fact]
    public async Task The_switch_refuses_and_counts_steps_that_are_not_next()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.TrainAsync(TestSilo.TinySpec(chips: 2, steps: 3));
        INeuronSwitch neuronSwitch = silo.Grains.GetGrain<INeuronSwitch>(GrainKeys.UltraServer("run", 1, 0));
        Assert.Equal(0, await neuronSwitch.StaleMessages(TestSilo.Token));
        foreach (StepTicket ticket in new[] { new StepTicket("run", 1, 2), new StepTicket("run", 1, 4), new StepTicket("run", 0, 3), new StepTicket("other", 1, 3) })
        {
            await Assert.ThrowsAsync<StaleMessageException>(() => neuronSwitch.Open(ticket, TestSilo.Token));
        }

        Assert.Equal(4, await neuronSwitch.StaleMessages(TestSilo.Token));
    }

    [Fact]
    public async Task An_UltraServer_refuses_blocks_and_copies_of_other_generations_and_steps()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.TrainAsync(TestSilo.TinySpec(ultraServers: 2, steps: 3));
        IUltraServer server = silo.Grains.GetGrain<IUltraServer>(GrainKeys.UltraServer("run", 1, 0));
        ExchangeBlock block = new(0, 0, 1, IsResult: false, new TensorBlock(new float[16]));
        await Assert.ThrowsAsync<StaleMessageException>(() => server.Exchange(new StepTicket("run", 0, 3), block, TestSilo.Token));
        await Assert.ThrowsAsync<StaleMessageException>(() => server.Notify(new StepTicket("other", 1, 3), new StepNotice(1, [0], AfterStep.Continue), TestSilo.Token));
        await Assert.ThrowsAsync<StaleMessageException>(() => server.ReadReplica(new StepTicket("run", 1, 2), 0, 0, 16, TestSilo.Token));
        Assert.Equal(16, (await server.ReadReplica(new StepTicket("run", 1, 3), 0, 0, 16, TestSilo.Token)).Length);

        // Late, of the right generation: dropped without a word.
        await server.Exchange(new StepTicket("run", 1, 2), block, TestSilo.Token);
    }

    [Fact]
    public async Task Grains_that_nobody_has_prepared_refuse_everything()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        StepTicket ticket = new("run", 1, 0);
        await Assert.ThrowsAsync<StaleMessageException>(() => silo.Grains.GetGrain<IUltraServer>(GrainKeys.UltraServer("run", 1, 0)).Train(ticket, TestSilo.Token));
        await Assert.ThrowsAsync<StaleMessageException>(() => silo.Grains.GetGrain<INeuronSwitch>(GrainKeys.UltraServer("run", 1, 0)).Open(ticket, TestSilo.Token));
        await Assert.ThrowsAsync<StaleMessageException>(() => silo.Grains.GetGrain<ITrainiumChip>(GrainKeys.Chip("run", 1, 0, 0)).ComputeGradient(ticket, 0, TestSilo.Token));
    }
}
