using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using TrnOrleans.Chaos;
using TrnOrleans.Grains.Content;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Data;

namespace TrnOrleans.Client.Running;

/// <summary>A silo in this process: what lets `trn train` run with nothing installed.</summary>
internal sealed class EmbeddedCluster : IAsyncDisposable
{
    private static readonly TimeSpan s_stopDeadline = TimeSpan.FromSeconds(10);
    private readonly IHost _host;

    private EmbeddedCluster(IHost host)
    {
        _host = host;
    }

    /// <summary>To reach the grains.</summary>
    internal IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    /// <summary>Starts the silo.</summary>
    /// <param name="threads">Compute threads.</param>
    /// <param name="loader">Reads data.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="journals">Folder for journals, or null for the system's temporary one.</param>
    internal static async Task<EmbeddedCluster> StartAsync(int threads, DatasetLoader loader, CancellationToken cancellation, string? journals = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddEmulator(threads, loader, journalFolder: journals);
        builder.UseOrleans(silo => silo.UseAlone().AddChaos(allowsKill: false));
        IHost host = builder.Build();
        await host.StartAsync(cancellation);
        return new EmbeddedCluster(host);
    }

    /// <summary>What this process has read for a run that will come; keep it alive until the run has started.</summary>
    internal void Share(string specText, RunInputs inputs) => _host.Services.GetRequiredService<RunInputsCache>().Share(specText, inputs);

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource deadline = new(s_stopDeadline);
        try
        {
            await _host.StopAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            // Slow to stop; the process ends anyway, and what brought us here must not be hidden.
        }

        _host.Dispose();
    }
}
