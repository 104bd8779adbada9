using System.Security.Cryptography;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Data;

namespace TrnOrleans.Client.Running;

/// <summary>Gives a cluster the files of a run: to one silo, unless one has them; the others fetch them from there.</summary>
internal sealed class ContentPublisher(RemoteCluster cluster, DatasetLoader loader)
{
    /// <summary>Publishes what a run refers to.</summary>
    /// <exception cref="IOException">a file cannot be read any more.</exception>
    internal async Task<RunContent> PublishAsync(RunSpec spec, CancellationToken cancellation)
    {
        IContentHost[] silos = [.. (await cluster.SilosAsync()).Select(s => cluster.Grains.GetGrain<IContentHost>(s.SiloAddress.ToParsableString()))];
        List<ContentFile> data = [];
        foreach (DataFile file in loader.Files(spec.Data.Source))
        {
            data.Add(await PublishAsync(file, silos, cancellation));
        }

        ContentFile? init = spec.Init is null ? null
            : await PublishAsync(new DataFile(Path.GetFileName(spec.Init.Path), () => File.OpenRead(spec.Init.Path)), silos, cancellation);
        return new RunContent(data, init);
    }

    private static async Task<ContentFile> PublishAsync(DataFile file, IContentHost[] silos, CancellationToken cancellation)
    {
        await using Stream stream = file.Open();
        ContentFile content = new(file.Name, stream.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation)));
        bool[] has = await Task.WhenAll(silos.Select(silo => silo.Has(content.Sha256, cancellation)));
        if (has.Any(h => h))
        {
            return content;
        }

        stream.Position = 0;
        byte[] block = new byte[IContentHost.BlockLength];
        Guid upload = Guid.NewGuid();
        for (long offset = 0; offset < content.Length;)
        {
            int length = await stream.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, cancellation);
            await silos[0].Write(upload, content, offset, block.AsMemory(0, length), cancellation);
            offset += length;
        }

        return content;
    }
}
