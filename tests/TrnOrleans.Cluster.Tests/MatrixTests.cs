using System.Text.Json;

namespace TrnOrleans.Cluster.Tests;

/// <summary>What happens to machines, one row after the other, on real silos: the same bits, and journals in which every invariant holds.</summary>
public sealed class MatrixTests
{
    /// <summary>A silo that hangs for a moment is waited for; one that hangs for long is left behind, and writes nothing when it wakes.</summary>
    [Theory]
    [InlineData(1, true)]
    [InlineData(10, false)]
    [InlineData(60, true)]
    public async Task A_silo_that_hangs(int seconds, bool onlyWhenAsked)
    {
        Soak.SkipUnlessAsked(onlyWhenAsked);
        using MatrixRun run = await MatrixRun.StartAsync(3);
        run.Cluster.Silos[1].Signal("STOP");
        await Soak.PassAsync(TimeSpan.FromSeconds(seconds));
        await run.MoreStepsAsync(20);
        run.Cluster.Silos[1].Signal("CONT");
        await run.MoreStepsAsync(100);
        JsonElement report = await run.StopAsync();
        Assert.True(seconds == 1 || report.GetProperty("recoveries").GetInt32() > 0);
    }

    /// <summary>Every silo in turn is asked to go, and a new one comes: nothing is computed twice.</summary>
    [Fact]
    public async Task A_rolling_restart()
    {
        using MatrixRun run = await MatrixRun.StartAsync(3);
        for (int i = 0; i < 3; i++)
        {
            await run.AddSiloAsync();
            await run.Cluster.Silos[i].StopAsync();
            Assert.Equal(0, run.Cluster.Silos[i].ExitCode);
            await run.MoreStepsAsync(20);
        }

        JsonElement report = await run.StopAsync();
        Assert.Equal(0, report.GetProperty("recoveries").GetInt32());
        Assert.Equal(0, report.GetProperty("recomputed_steps").GetInt64());
    }

    /// <summary>One joins and one goes, in order or not, every ten seconds for five minutes when it is asked for.</summary>
    [Fact]
    public async Task Silos_that_come_and_go()
    {
        using MatrixRun run = await MatrixRun.StartAsync(3);
        int turns = Soak.IsAsked ? 30 : 3;
        for (int i = 0; i < turns; i++)
        {
            Task pause = Soak.PassAsync(Soak.Seconds(1, 10));
            await run.AddSiloAsync();
            if (i % 3 == 2)
            {
                run.Cluster.Silos[i].Signal("KILL");
            }
            else
            {
                await run.Cluster.Silos[i].StopAsync();
            }

            await run.MoreStepsAsync(10);
            await pause;
        }

        await run.StopAsync();
    }

    /// <summary>The run goes on while the membership is stable, whatever becomes of the place where the silos have met.</summary>
    [Theory]
    [InlineData("pause", false)]
    [InlineData("kill", true)]
    [InlineData("flush", false)]
    [InlineData("password", true)]
    public async Task Redis_that_is(string what, bool onlyWhenAsked)
    {
        Soak.SkipUnlessAsked(onlyWhenAsked);


        // One that has forgotten everything tells no other console where the silos are: the one that is there waits for the end.
        bool forgets = what is "kill" or "flush";
        using MatrixRun run = await MatrixRun.StartAsync(2, RedisUnderTest.Redis, forgets ? 6000 : 10_000_000);
        RedisUnderTest redis = run.Cluster.Redis;
        TimeSpan away = Soak.Seconds(6, 30);
        switch (what)
        {
            case "pause":
                redis.Signal("STOP");
                await Soak.PassAsync(away);
                await run.MoreStepsAsync(20);
                redis.Signal("CONT");
                break;
            case "kill":
                redis.Signal("KILL");
                await Soak.PassAsync(away);
                await run.MoreStepsAsync(20);
                redis.StartAgain();
                break;
            case "flush":
                await redis.SayAsync("flushall");
                await Soak.PassAsync(away);
                break;
            default:
                await redis.SayAsync("config", "set", "requirepass", "other");
                await redis.SayAsync("client", "kill", "type", "normal", "skipme", "no");
                await Soak.PassAsync(away);
                await run.MoreStepsAsync(20);
                await redis.SayAsync("-a", "other", "config", "set", "requirepass", string.Empty);
                break;
        }

        await run.MoreStepsAsync(200);
        await (forgets ? run.EndAsync() : run.StopAsync());
    }
}
