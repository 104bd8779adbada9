using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Placement;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Training;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>A silo in the test's process, as the console starts it, and what a run on it left.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private readonly IHost _host;

    private TestSilo(IHost host)
    {
        _host = host;
    }

    internal static CancellationToken Token => TestContext.Current.CancellationToken;

    internal IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Its address, as grains know it.</summary>
    internal string Name => _host.Services.GetRequiredService<ClusterView>().Self;

    internal Deadlines Deadlines => _host.Services.GetRequiredService<Deadlines>();

    internal RunJournals Journals => _host.Services.GetRequiredService<RunJournals>();

    internal ReplicaStore Replicas => _host.Services.GetRequiredService<ReplicaStore>();

    internal static async Task<TestSilo> StartAsync(int threads = 2, Action<ISiloBuilder>? configure = null, string? journals = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddEmulator(threads, new DatasetLoader(DataCatalogue.FromEnvironment(), null), journalFolder: journals);
        builder.UseOrleans(silo =>
        {
            silo.UseAlone();
            configure?.Invoke(silo);
        });
        IHost host = builder.Build();
        await host.StartAsync(Token);
        return new TestSilo(host);
    }

    /// <summary>A run small enough for milliseconds, on this project's own source.</summary>
    internal static RunSpec TinySpec(int chips = 2, int ultraServers = 1, int batch = 12, long steps = 4) => new()
    {
        Model = Presets.GptNano with { Layers = 1, Heads = 2, KeyValueHeads = 2, Width = 16, HeadWidth = 8, Hidden = 32, Context = 8 },
        Data = new DataSpec { Source = "source", ValidationFraction = 0.01 },
        Cluster = new ClusterSpec { Chips = chips, UltraServers = ultraServers },
        Optimizer = new OptimizerSpec { Kind = OptimizerKind.AdamW, WeightDecay = 0.1 },
        Training = new TrainingSpec { Steps = steps, Batch = batch, LearningRate = 1e-2, MinLearningRate = 1e-2, Clip = 1 },
    };

    internal static string Text(RunSpec spec) => JsonSerializer.Serialize(spec, StrictJson.Compact);

    internal ITrainingRun Run(string id) => Grains.GetGrain<ITrainingRun>(id);

    /// <summary>Starts a run and follows it to its end.</summary>
    internal async Task<List<RunEvent>> TrainAsync(RunSpec spec, string id = "run")
    {
        ITrainingRun run = Run(id);
        await run.Start(Text(spec), RunContent.None, RunOptions.None, Token);
        return await FollowAsync(run);
    }

    /// <summary>Generation 1 of a run of one UltraServer, ready for step 0, whose loop nobody starts.</summary>
    internal Task PrepareAsync(RunSpec spec) =>
        Grains.GetGrain<IUltraServer>(GrainKeys.UltraServer("run", 1, 0)).Prepare(
            new PrepareOrder("run", 1, 0, Text(spec), PlacementPlan.Even(1, [Name]), 0, null, RunContent.None, RunOptions.None), Token);

    internal static async Task<List<RunEvent>> FollowAsync(ITrainingRun run, int from = 0, Guid history = default)
    {
        List<RunEvent> events = [];
        await foreach (RunEvent happened in run.Follow(from, history, Token))
        {
            events.Add(happened);
        }

        return events;
    }

    internal static EndEvent End(List<RunEvent> events) => Assert.IsType<EndEvent>(events[^1]);

    internal static double[] Losses(List<RunEvent> events) => [.. events.OfType<StepEvent>().Select(s => s.Loss)];

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }
}
