using System.Text.Json;
using TrnOrleans.Client.Output;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Running;

/// <summary>A run that will be on a silo in this process: what it reads has been read, and it fits.</summary>
internal sealed class LocalRun
{
    private readonly string _text;

    private LocalRun(RunInputs inputs, int threads)
    {
        Inputs = inputs;
        Facts = new RunFacts(inputs.Spec, inputs.Network, $"{inputs.Dataset.Name}: {inputs.Dataset.Summary}", Words.Count(threads, "compute thread"), threads, null);
        _text = JsonSerializer.Serialize(inputs.Spec, StrictJson.Compact);
    }

    /// <summary>Data and network.</summary>
    internal RunInputs Inputs { get; }

    /// <summary>What is said of it before it begins.</summary>
    internal RunFacts Facts { get; }

    /// <summary>Reads what a spec names.</summary>
    /// <param name="spec">What to run.</param>
    /// <param name="epochs">Instead of its steps; null to keep them.</param>
    /// <param name="data">Reads.</param>
    /// <param name="threads">Compute threads.</param>
    /// <param name="keepsCheckpoints">Whether a copy of its state must fit as well.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="Models.Descriptions.InvalidDescriptionException">it cannot be run, or does not fit in memory.</exception>
    internal static async Task<LocalRun> LoadAsync(RunSpec spec, double? epochs, DataAccess data, int threads, bool keepsCheckpoints, CancellationToken cancellation)
    {
        RunInputs inputs = (await data.LoadAsync(spec, cancellation)).WithEpochs(epochs);
        MemoryNeed.Check(inputs, threads, inputs.Spec.Cluster.UltraServers, keepsCheckpoints);
        return new LocalRun(inputs, threads);
    }

    /// <summary>Starts it. What it has read is not read again, as long as this object lives.</summary>
    internal async Task<ITrainingRun> StartAsync(EmbeddedCluster cluster, RunOptions options, CancellationToken cancellation)
    {
        cluster.Share(_text, Inputs);
        ITrainingRun run = cluster.Grains.GetGrain<ITrainingRun>($"run-{Guid.NewGuid():N}");
        await run.Start(_text, RunContent.None, options, cancellation);
        return run;
    }
}
