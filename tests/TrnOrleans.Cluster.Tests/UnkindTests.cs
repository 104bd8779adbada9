using System.Net;
using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Cluster.Tests;

/// <summary>What goes wrong around a cluster is one sentence, and an exit code.</summary>
public sealed class UnkindTests
{
    [Fact]
    public async Task No_redis_no_silo_no_run_no_cluster()
    {
        string nowhere = $"127.0.0.1:{Ports.Next()}";
        Assert.Contains($"no Redis answers at {nowhere}", await Trn.RefusedAsync(1, "trn-silo", ["--redis", nowhere]), StringComparison.Ordinal);
        Assert.Contains($"no Redis answers at {nowhere}", await Trn.RefusedAsync(1, "trn", ["runs", "--redis", nowhere]), StringComparison.Ordinal);
        Assert.Contains("--redis", await Trn.RefusedAsync(2, "trn", ["runs"]), StringComparison.Ordinal);
        Assert.Contains("for a cluster", await Trn.RefusedAsync(2, "trn", ["train", "--detach"]), StringComparison.Ordinal);
        Assert.Contains("cannot be read", await Trn.RefusedAsync(1, "trn", ["runs", "--redis", "here,nonsense=1"]), StringComparison.Ordinal);
        using RedisUnderTest redis = await RedisUnderTest.StartAsync();
        Assert.Contains("no silo of cluster trn answers", await Trn.RefusedAsync(1, "trn", ["runs", "--redis", redis.Address]), StringComparison.Ordinal);
        using SiloProcess silo = await SiloProcess.StartAsync(redis.Address);
        Assert.Contains("no run nobody", await Trn.RefusedAsync(1, "trn", ["attach", "nobody", "--redis", redis.Address]), StringComparison.Ordinal);
        Assert.Contains("no run nobody", await Trn.RefusedAsync(1, "trn", ["stop", "nobody", "--redis", redis.Address]), StringComparison.Ordinal);
        Assert.Contains("no silo of cluster other answers", await Trn.RefusedAsync(1, "trn", ["runs", "--redis", redis.Address, "--cluster", "other"]), StringComparison.Ordinal);
        Assert.Contains("cannot be the name", await Trn.RefusedAsync(2, "trn", ["attach", "a/b", "--redis", redis.Address]), StringComparison.Ordinal);
        string port = $"{silo.SiloPort}";
        Assert.Contains("another silo may be there", await Trn.RefusedAsync(2, "trn-silo", ["--redis", redis.Address, "--silo-port", port]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RedisUnderTest.Garnet)]
    [InlineData(RedisUnderTest.Redis)]
    public async Task A_password_is_needed_where_there_is_one(string kind)
    {
        using RedisUnderTest redis = await RedisUnderTest.StartAsync(kind, "secret");
        foreach (string wrong in new[] { redis.Address, $"{redis.Address},password=guess" })
        {
            string sentence = await Trn.RefusedAsync(1, "trn-silo", ["--redis", wrong]);
            Assert.Contains("refuses the user or the password", sentence, StringComparison.Ordinal);
            Assert.DoesNotContain("guess", sentence, StringComparison.Ordinal);
        }

        using SiloProcess silo = await SiloProcess.StartAsync($"{redis.Address},password=secret");
        Assert.Contains("refuses the user or the password", await Trn.RefusedAsync(1, "trn", ["runs", "--redis", redis.Address]), StringComparison.Ordinal);
        Assert.Equal(0, (await Trn.EventsAsync("runs", "--redis", $"{redis.Address},password=secret", "--json")).Single().GetArrayLength());
        Assert.DoesNotContain("secret", silo.Ready, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silo_says_what_is_wrong_with_its_settings()
    {
        Assert.Contains("--threads is 0", await Trn.RefusedAsync(2, "trn-silo", ["--threads", "0"]), StringComparison.Ordinal);
        Assert.Contains("--silo-port is 99999", await Trn.RefusedAsync(2, "trn-silo", ["--silo-port", "99999"]), StringComparison.Ordinal);
        Assert.Contains("must differ", await Trn.RefusedAsync(2, "trn-silo", ["--silo-port", "4000", "--gateway-port", "4000"]), StringComparison.Ordinal);
        Assert.Contains("must be an IP address", await Trn.RefusedAsync(2, "trn-silo", ["--advertise", "0.0.0.0"]), StringComparison.Ordinal);
        Assert.Contains("no address of this machine", await Trn.RefusedAsync(2, "trn-silo", ["--advertise", "192.0.2.1"]), StringComparison.Ordinal);
        Assert.Contains("--log-level is loud", await Trn.RefusedAsync(2, "trn-silo", ["--log-level", "loud"]), StringComparison.Ordinal);
        Dictionary<string, string?> environment = new(Trn.Alone) { ["TRN_SILO_PORT"] = "tcp://10.0.0.1:11111" };
        Assert.Contains("--silo-port is tcp://", await Trn.RefusedAsync(2, "trn-silo", [], environment), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probes_and_settings_from_the_environment()
    {
        using RedisUnderTest redis = await RedisUnderTest.StartAsync();
        using SiloProcess silo = await SiloProcess.StartAsync(redis.Address, "--cluster", "named");
        Assert.Contains("cluster named", silo.Ready, StringComparison.Ordinal);
        Assert.Empty(silo.Errors);
        using HttpClient http = new() { BaseAddress = new Uri($"http://127.0.0.1:{silo.HealthPort}") };
        foreach (string path in new[] { "/health/live", "/health/ready" })
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        // Without the endpoint it takes no port for it, however many there are.
        using SiloProcess second = await SiloProcess.StartAsync(redis.Address, "--cluster", "named", "--health-port", "0");
        using SiloProcess third = await SiloProcess.StartAsync(redis.Address, "--cluster", "named", "--health-port", "0");

        Dictionary<string, string?> environment = new(Trn.Alone) { ["TRN_REDIS"] = redis.Address, ["TRN_CLUSTER"] = "named" };
        ChildProcess.Result runs = await ChildProcess.DotnetAsync("trn", ["cluster", "--json"], environment);
        Assert.Equal(3, JsonSerializer.Deserialize<JsonElement>(runs.Output).GetProperty("silos").GetArrayLength());
    }

    [Fact]
    public async Task The_last_silo_takes_its_runs_with_it_and_they_say_so()
    {
        using TestCluster cluster = await TestCluster.StartAsync(1);
        SiloProcess silo = cluster.Silos[0];
        using Trn.Following run = new(cluster.Train(10_000_000));
        await run.UntilStepAsync(10);
        await silo.StopAsync();
        Assert.Equal(0, silo.ExitCode);
        JsonElement failed = await run.UntilAsync(e => Trn.Kind(e) == "failed");
        Assert.Contains("no silo is left", failed.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}
