using TrnOrleans.Tests;

namespace TrnOrleans.Cluster.Tests;

/// <summary>Silos that meet in a Redis of their own, and a text to train on; gone with the test.</summary>
internal sealed class TestCluster : IDisposable
{
    private TestCluster(RedisUnderTest redis)
    {
        Redis = redis;
        Text = Trn.Text(Folder);
    }

    internal RedisUnderTest Redis { get; }

    /// <summary>What <c>--redis</c> takes.</summary>
    internal string Address => Redis.Address;

    internal TempFolder Folder { get; } = new();

    /// <summary>Path of the text.</summary>
    internal string Text { get; }

    /// <summary>In order of their start.</summary>
    internal List<SiloProcess> Silos { get; } = [];

    internal static async Task<TestCluster> StartAsync(int silos, string kind = RedisUnderTest.Garnet)
    {
        TestCluster cluster = new(await RedisUnderTest.StartAsync(kind));
        try
        {
            for (int i = 0; i < silos; i++)
            {
                await cluster.AddSiloAsync();
            }

            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>One more.</summary>
    internal async Task<SiloProcess> AddSiloAsync(params string[] more)
    {
        SiloProcess silo = await SiloProcess.StartAsync(Address, more);
        Silos.Add(silo);
        return silo;
    }

    /// <summary>The console's words for a run of the text on this cluster.</summary>
    internal string[] Train(long steps, params string[] more) => Trn.Train(Text, steps, ["--redis", Address, .. more]);

    public void Dispose()
    {
        Silos.ForEach(silo => silo.Dispose());
        Redis.Dispose();
        Folder.Dispose();
    }
}
