using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>A run from start to end: its events, its end, what is refused.</summary>
public sealed class RunTests
{
    [Fact]
    public async Task Every_step_is_committed_once_and_in_order()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        List<RunEvent> events = await silo.TrainAsync(TestSilo.TinySpec(chips: 3, ultraServers: 2, steps: 9));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8], events.OfType<StepEvent>().Select(s => s.Step));
        EndEvent end = TestSilo.End(events);
        Assert.Equal(9, end.Steps);
        Assert.False(end.Stopped);
        Assert.Equal(0, end.StaleMessages);
    }

    [Fact]
    public async Task Training_lowers_the_loss()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        double[] losses = TestSilo.Losses(await silo.TrainAsync(TestSilo.TinySpec(steps: 60)));
        Assert.True(losses[^10..].Average() < losses[0] - 0.8, $"from {losses[0]} to {losses[^1]}");
    }

    [Fact]
    public async Task Validation_comes_when_it_is_due_and_at_the_end()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec(steps: 7);
        List<RunEvent> events = await silo.TrainAsync(spec with { Training = spec.Training with { EvalEvery = 3 } });
        Assert.Equal([3, 6, 7], events.OfType<ValidationEvent>().Select(v => v.Step));
        Assert.Equal(TestSilo.End(events).Digest, events.OfType<ValidationEvent>().Last().Digest);
    }

    [Fact]
    public async Task Validation_is_the_same_for_every_number_of_chips()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec(steps: 1);
        ValidationEvent one = (await silo.TrainAsync(spec with { Cluster = new ClusterSpec() }, "one")).OfType<ValidationEvent>().Single();
        ValidationEvent many = (await silo.TrainAsync(spec with { Cluster = new ClusterSpec { Chips = 2, UltraServers = 3 } }, "many")).OfType<ValidationEvent>().Single();
        Assert.Equal(one.Loss, many.Loss, 1e-5);
        Assert.Equal(one.Accuracy, many.Accuracy, 1e-3);
    }

    [Fact]
    public async Task A_late_follower_gets_the_whole_history()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        List<RunEvent> first = await silo.TrainAsync(TestSilo.TinySpec());
        Assert.Equal(Words(first), Words(await TestSilo.FollowAsync(silo.Run("run"))));
        Assert.Equal(Words(first[2..]), Words(await TestSilo.FollowAsync(silo.Run("run"), from: 2, (await silo.Run("run").Status(TestSilo.Token)).History)));
        IEnumerable<string> Words(IEnumerable<RunEvent> events) => events.Select(e => e.ToString());
    }

    [Fact]
    public async Task Starting_twice_with_the_same_spec_is_one_run_and_with_another_is_refused()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        ITrainingRun run = silo.Run("run");
        RunSpec spec = TestSilo.TinySpec(steps: 30);
        await Task.WhenAll(run.Start(TestSilo.Text(spec), RunContent.None, RunOptions.None, TestSilo.Token), run.Start(TestSilo.Text(spec), RunContent.None, RunOptions.None, TestSilo.Token));
        await Assert.ThrowsAsync<RunFailedException>(() => run.Start(TestSilo.Text(TestSilo.TinySpec(steps: 31)), RunContent.None, RunOptions.None, TestSilo.Token));
        Assert.Equal(30, TestSilo.Losses(await TestSilo.FollowAsync(run)).Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_stop_ends_all_replicas_at_one_step_boundary(int ultraServers)
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        ITrainingRun run = silo.Run("run");
        await run.Start(TestSilo.Text(TestSilo.TinySpec(ultraServers: ultraServers, steps: 1_000_000)), RunContent.None, RunOptions.None, TestSilo.Token);
        List<RunEvent> events = [];
        await foreach (RunEvent happened in run.Follow(0, Guid.Empty, TestSilo.Token))
        {
            events.Add(happened);
            if (happened is StepEvent { Step: 5 })
            {
                await run.Stop(TestSilo.Token);
            }
        }

        EndEvent end = TestSilo.End(events);
        Assert.True(end.Stopped);
        Assert.Equal(end.Steps, events.OfType<StepEvent>().Count());
        Assert.InRange(end.Steps, 6, 999_999);

        // The bits are those of a run that was as long from the start.
        List<RunEvent> shorter = await silo.TrainAsync(TestSilo.TinySpec(ultraServers: ultraServers, steps: end.Steps), "shorter");
        Assert.Equal(TestSilo.End(shorter).Digest, end.Digest);
    }

    [Fact]
    public async Task A_loss_that_is_no_number_stops_the_run_by_name_and_step()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec(ultraServers: 2, steps: 50);
        spec = spec with
        {
            Optimizer = new() { Kind = Models.Training.OptimizerKind.Sgd },
            Training = spec.Training with { LearningRate = 1e30, MinLearningRate = 1e30, Clip = 0 },
        };
        List<RunEvent> events = await silo.TrainAsync(spec);
        FailedEvent failed = Assert.IsType<FailedEvent>(events[^1]);
        int committed = events.OfType<StepEvent>().Count();
        Assert.Contains($"at step {committed}", failed.Message, StringComparison.Ordinal);
        Assert.Contains("the loss became", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_on_other_data_than_its_spec_says_is_refused()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec spec = TestSilo.TinySpec();
        spec = spec with { Data = spec.Data with { Sha256 = new string('0', 64) } };
        RunFailedException error = await Assert.ThrowsAsync<RunFailedException>(() => silo.Run("run").Start(TestSilo.Text(spec), RunContent.None, RunOptions.None, TestSilo.Token));
        Assert.Contains("SHA-256", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closing_a_run_gives_its_memory_back()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.TrainAsync(TestSilo.TinySpec(ultraServers: 2));
        ITrainingRun run = silo.Run("run");
        TensorBlock block = await run.ReadWeights(0, 16, TestSilo.Token);
        Assert.Equal(16, block.Length);
        await run.Close(TestSilo.Token);
        Assert.Throws<StaleMessageException>(() => silo.Replicas.Get("run", 1, 0));
        Assert.Throws<StaleMessageException>(() => silo.Replicas.Get("run", 1, 1));
    }

    [Fact]
    public async Task A_run_that_nobody_needs_any_more_gives_its_memory_back_by_itself()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.TrainAsync(TestSilo.TinySpec(ultraServers: 2));
        Assert.Equal(["run"], silo.Replicas.Runs);
        await silo.Run("run").Release(TestSilo.Token);
        await UntilEmpty(silo);
        await Assert.ThrowsAsync<RunFailedException>(() => silo.Run("run").ReadWeights(0, 16, TestSilo.Token));
    }

    [Fact]
    public async Task A_run_that_cannot_be_prepared_leaves_nothing_behind()
    {
        await using TestSilo silo = await TestSilo.StartAsync();

        RunSpec spec = TestSilo.TinySpec(ultraServers: 2) with { Init = new InitSpec("nowhere.safetensors") };
        await Assert.ThrowsAsync<RunFailedException>(() => silo.Run("run").Start(TestSilo.Text(spec), RunContent.None, RunOptions.None, TestSilo.Token));
        await UntilEmpty(silo);
        Assert.IsType<FailedEvent>((await TestSilo.FollowAsync(silo.Run("run")))[^1]);
        Assert.Equal(RunState.Failed, (await silo.Run("run").Status(TestSilo.Token)).State);
    }

    [Fact]
    public async Task A_spec_that_makes_no_sense_is_refused_and_its_name_stays_free()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        RunSpec absurd = TestSilo.TinySpec() with { Cluster = new ClusterSpec { UltraServers = 2_000_000_000, Chips = 1 } };
        foreach (string text in new[] { "{", TestSilo.Text(absurd) })
        {
            await Assert.ThrowsAsync<RunFailedException>(() => silo.Run("run").Start(text, RunContent.None, RunOptions.None, TestSilo.Token));
        }

        Assert.Equal(4, TestSilo.End(await silo.TrainAsync(TestSilo.TinySpec())).Steps);
    }

    private static async Task UntilEmpty(TestSilo silo)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(TestSilo.Token);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (silo.Replicas.Runs.Count > 0)
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    [Fact]
    public async Task Closing_in_mid_step_waits_for_the_kernels_and_breaks_nothing()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        for (int i = 0; i < 10; i++)
        {
            ITrainingRun run = silo.Run($"run{i}");
            await run.Start(TestSilo.Text(TestSilo.TinySpec(chips: 12, steps: 1_000_000)), RunContent.None, RunOptions.None, TestSilo.Token);
            await foreach (RunEvent happened in run.Follow(0, Guid.Empty, TestSilo.Token))
            {
                break;
            }

            await run.Close(TestSilo.Token);
        }

        Assert.Equal(4, TestSilo.End(await silo.TrainAsync(TestSilo.TinySpec(), "after")).Steps);
    }
}
