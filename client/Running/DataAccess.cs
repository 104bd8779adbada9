using TrnOrleans.Client.Output;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Data;

namespace TrnOrleans.Client.Running;

/// <summary>Reads data for a command, downloading what is missing with its progress on the error stream.</summary>
internal sealed class DataAccess : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    internal DataAccess()
    {
        Catalogue = DataCatalogue.FromEnvironment();
        Loader = new DatasetLoader(Catalogue, new Downloader(_http));
    }

    internal DataCatalogue Catalogue { get; }

    internal DatasetLoader Loader { get; }

    internal async Task<RunInputs> LoadAsync(RunSpec spec, CancellationToken cancellation)
    {
        using DownloadLine line = new(Console.Error);
        return await RunInputs.LoadAsync(spec, Loader, null, line, cancellation);
    }

    public void Dispose() => _http.Dispose();
}
