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
        Task shut = fence.ShutAsync();
        Assert.Throws<StaleMessageException>(() => fence.Enter(1));
        fence.Leave();
        Assert.False(shut.IsCompleted);
        fence.Leave();
        await shut.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await fence.ShutAsync();
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
        Task halted = replica.Halt();
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
