using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Races: pieces, sleep and wake, and the end of an engine. A deadline ends a test that would hang.</summary>
public sealed class ComputeStressTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Every_piece_runs_exactly_once_with_more_threads_than_cores()
    {
        using ComputeEngine engine = new(6);
        Task[] leaders = [.. Enumerable.Range(0, 4).Select(leader => engine.RunAsync(
            () =>
            {
                for (int repeat = 0; repeat < 1500; repeat++)
                {
                    int pieces = 1 + ((repeat + leader) % 40);
                    Assert.All(ComputeEngineTests.CountPieces(pieces), count => Assert.Equal(1, count));
                }
            }))];
        await Task.WhenAll(leaders).WaitAsync(s_deadline, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_job_is_forgotten_when_each_is_awaited_before_the_next(int threads)
    {
        // Between two jobs the threads go through looking around and falling asleep, at ever other moments.
        using ComputeEngine engine = new(threads);
        int ran = 0;
        for (int i = 0; i < 3000; i++)
        {
            await engine.RunAsync(() => ran++).WaitAsync(s_deadline, TestContext.Current.CancellationToken);
            if (i % 16 == 0)
            {
                Thread.SpinWait(i);
            }
        }

        Assert.Equal(3000, ran);
    }

    [Fact]
    public async Task Dispose_lets_the_running_job_end_and_cancels_the_queued_ones()
    {
        ComputeEngine engine = new(1);
        using ManualResetEventSlim started = new();
        using ManualResetEventSlim gate = new();
        Task running = engine.RunAsync(
            () =>
            {
                started.Set();
                gate.Wait(s_deadline);
            });
        Assert.True(started.Wait(s_deadline, TestContext.Current.CancellationToken));
        Task queued = engine.RunAsync(() => Assert.Fail("a cancelled job ran"));
        Task urgent = engine.RunAsync(() => Assert.Fail("a cancelled job ran"), urgent: true);
        Task disposing = Task.Run(engine.Dispose, TestContext.Current.CancellationToken);

        // From the moment Dispose has begun, the engine takes no more jobs; only then may the running one end.
        while (true)
        {
            try
            {
                _ = engine.RunAsync(() => { });
            }
            catch (ObjectDisposedException)
            {
                break;
            }

            await Task.Yield();
        }

        gate.Set();
        await disposing.WaitAsync(s_deadline, TestContext.Current.CancellationToken);
        await running.WaitAsync(s_deadline, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<TaskCanceledException>(() => queued.WaitAsync(s_deadline, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<TaskCanceledException>(() => urgent.WaitAsync(s_deadline, TestContext.Current.CancellationToken));
        engine.Dispose();
    }

    [Fact]
    public async Task A_job_queued_while_the_engine_stops_ends_one_way_or_the_other()
    {
        for (int repeat = 0; repeat < 300; repeat++)
        {
            ComputeEngine engine = new(2);
            Task<Task[]> queueing = Task.Run(
                () =>
                {
                    List<Task> jobs = [];
                    try
                    {
                        while (jobs.Count < 100_000)
                        {
                            jobs.Add(engine.RunAsync(() => { }));
                        }
                    }
                    catch (ObjectDisposedException)
                    {
                        // The end of the race that this test waits for.
                    }

                    return jobs.ToArray();
                },
                TestContext.Current.CancellationToken);
            Thread.SpinWait(repeat * 100);
            engine.Dispose();
            Task all = Task.WhenAll(await queueing.WaitAsync(s_deadline, TestContext.Current.CancellationToken));
            await all.ContinueWith(
                _ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .WaitAsync(s_deadline, TestContext.Current.CancellationToken);
        }
    }
}
