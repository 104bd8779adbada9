using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>No kernel of a generation begins when its replica has been taken away, and none that runs is overlooked.</summary>
public sealed class WorkFenceTests
{
    [Fact]
    public async Task It_is_shut_when_the_last_one_has_left()
    {
        WorkFence fence = new();
        fence.Open(1);
        fence.Enter(1);
        fence.Enter(1);
        Task shut = fence.ShutAsync(2);
        Assert.Throws<StaleMessageException>(() => fence.Enter(1));
        fence.Leave();
        Assert.False(shut.IsCompleted);
        fence.Leave();
        await shut.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await fence.ShutAsync(2);
    }

    [Fact]
    public void Only_the_generation_that_it_is_open_for_gets_in()
    {
        WorkFence fence = new();
        fence.Open(2);
        Assert.Throws<StaleMessageException>(() => fence.Enter(1));
        Assert.Throws<StaleMessageException>(() => fence.Enter(3));
        fence.Enter(2);
        fence.Leave();
    }

    /// <summary>Two UltraServers prepare a generation side by side: the slower one must not halt what the faster one has prepared.</summary>
    [Fact]
    public async Task Who_comes_late_does_not_halt_the_generation_that_has_taken_over()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.PrepareAsync(TestSilo.TinySpec(chips: 1));
        Replica replica = silo.Replicas.Get("run", 1, 0);
        await replica.Halt(1);
        replica.Hold(1, () => { });
        IUltraServer server = silo.Grains.GetGrain<IUltraServer>(GrainKeys.UltraServer("run", 1, 0));
        await server.Train(new StepTicket("run", 1, 0), TestSilo.Token);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(TestSilo.Token);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (replica.Steps == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), deadline.Token);
        }
    }

    /// <summary>The call to a chip ends as soon as it is cancelled; its kernel does not.</summary>
    [Fact]
    public async Task A_replica_stands_still_only_when_its_kernels_have_ended()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.PrepareAsync(TestSilo.TinySpec(chips: 1));
        Replica replica = silo.Replicas.Get("run", 1, 0);
        using SemaphoreSlim reading = new(0);
        using SemaphoreSlim goOn = new(0);
        Task kernel = Task.Run(
            () => replica.Hold(1, () =>
            {
                reading.Release();
                goOn.Wait(TestSilo.Token);
            }),
            TestSilo.Token);
        await reading.WaitAsync(TestSilo.Token);
        Task halted = replica.Halt(2);
        while (Record.Exception(() => replica.Hold(1, () => { })) is not StaleMessageException)
        {
            await Task.Yield();
        }

        Assert.False(halted.IsCompleted);
        goOn.Release();
        await Task.WhenAll(kernel, halted).WaitAsync(TimeSpan.FromSeconds(30), TestSilo.Token);
        Assert.Throws<StaleMessageException>(() => replica.Evaluate(1, 0, 1));
    }
}
