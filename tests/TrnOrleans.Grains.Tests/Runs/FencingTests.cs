using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>Invariant 3: what is late, doubled or of another generation is refused, counted, and changes nothing.</summary>
public sealed class FencingTests
{
    [Fact]
    public async Task A_chip_refuses_other_generations_and_runs_and_does_once_what_it_is_asked_twice()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.PrepareAsync(TestSilo.TinySpec(chips: 1, steps: 3));
        ITrainiumChip chip = silo.Grains.GetGrain<ITrainiumChip>(GrainKeys.Chip("run", 1, 0, 0));
        StepTicket now = new("run", 1, 0);
        foreach (StepTicket ticket in new[] { now with { Generation = 0 }, now with { Generation = 2 }, now with { Run = "other" } })
        {
            await Assert.ThrowsAsync<StaleMessageException>(() => chip.Apply(ticket, 1, 1, TestSilo.Token));
            await Assert.ThrowsAsync<StaleMessageException>(() => chip.ComputeGradient(ticket, 0, TestSilo.Token));
        }

        ScaleOutExchange exchange = silo.Replicas.Get("run", 1, 0).Exchange!;
        await exchange.BeginAsync(0);
        await silo.Grains.GetGrain<INeuronSwitch>(GrainKeys.UltraServer("run", 1, 0)).Open(now, TestSilo.Token);
        int buffer = await silo.Replicas.Get("run", 1, 0).Gradients.RentAsync(TestSilo.Token);
        GradientReport[] gradients = await Task.WhenAll(chip.ComputeGradient(now, buffer, TestSilo.Token), chip.ComputeGradient(now, buffer, TestSilo.Token));
        Assert.Equal(gradients[0], gradients[1]);
        await exchange.FinishAsync(0, 0, gradients[0].Loss, AfterStep.Continue);
        ShardDigest fresh = await chip.Digest(now, TestSilo.Token);
        await chip.Apply(now, 0.01, 1, TestSilo.Token);
        ShardDigest once = await chip.Digest(now, TestSilo.Token);
        await chip.Apply(now, 0.01, 1, TestSilo.Token);
        Assert.NotEqual(fresh, once);
        Assert.Equal(once, await chip.Digest(now, TestSilo.Token));
        await Assert.ThrowsAsync<StaleMessageException>(() => chip.ComputeGradient(now, buffer, TestSilo.Token));
        await chip.Apply(now with { Step = 1 }, 0.01, 1, TestSilo.Token);
        await Assert.ThrowsAsync<StaleMessageException>(() => chip.Apply(now, 0.01, 1, TestSilo.Token));
    }

    [Fact]
    public async Task The_switch_refuses_and_counts_steps_that_are_not_next()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.PrepareAsync(TestSilo.TinySpec(chips: 2, steps: 3));
        INeuronSwitch neuronSwitch = silo.Grains.GetGrain<INeuronSwitch>(GrainKeys.UltraServer("run", 1, 0));
        await neuronSwitch.Open(new StepTicket("run", 1, 0), TestSilo.Token);
        Assert.Equal(0, await neuronSwitch.StaleMessages(TestSilo.Token));
        foreach (StepTicket ticket in new[] { new StepTicket("run", 1, 0), new StepTicket("run", 1, 2), new StepTicket("run", 0, 1), new StepTicket("other", 1, 1) })
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
        ExchangeBlock block = new(0, 0, 1, IsResult: false, new TensorBlock(new float[16]), 0);
        await Assert.ThrowsAsync<StaleMessageException>(() => server.Exchange(new StepTicket("run", 0, 3), block, TestSilo.Token));
        await Assert.ThrowsAsync<StaleMessageException>(() => server.Notify(new StepTicket("other", 1, 3), new StepNotice(1, [0], AfterStep.Continue, []), TestSilo.Token));

        // Its generation has ended: of the right one, and dropped all the same, and refused as soon as the UltraServer is gone.
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(TestSilo.Token);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (await Record.ExceptionAsync(() => server.Exchange(new StepTicket("run", 1, 2), block, deadline.Token)) is not StaleMessageException)
        {
            deadline.Token.ThrowIfCancellationRequested();
        }

        IReplicaHost host = silo.Grains.GetGrain<IReplicaHost>(silo.Name);
        await Assert.ThrowsAsync<StaleMessageException>(() => host.Read(new ReplicaAddress("run", 0, 2), 0, 0, 16, TestSilo.Token));
        await Assert.ThrowsAsync<StaleMessageException>(() => host.Read(new ReplicaAddress("other", 0, 3), 0, 0, 16, TestSilo.Token));
        Assert.Equal(16, (await host.Read(new ReplicaAddress("run", 0, 3), 0, 0, 16, TestSilo.Token)).Length);
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
