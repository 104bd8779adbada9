using System.Text;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Client.Running;

/// <summary>Brings the journals of a run from all silos of its cluster.</summary>
internal static class JournalCollector
{
    /// <summary>Name and text of every journal that the silos of now have.</summary>
    internal static async Task<IReadOnlyList<(string Name, string Text)>> ReadAsync(RemoteCluster cluster, string run, CancellationToken cancellation)
    {
        // Silos of one machine may share a folder, and then each has all of them.
        Dictionary<string, string> journals = new(StringComparer.Ordinal);
        foreach (MembershipEntry silo in await cluster.SilosAsync())
        {
            IJournalHost host = cluster.Grains.GetGrain<IJournalHost>(silo.SiloAddress.ToParsableString());
            foreach (string file in (await host.Files(run, cancellation)).Where(file => !journals.ContainsKey(file)))
            {
                using MemoryStream bytes = new();
                while (await host.Read(run, file, bytes.Length, cancellation) is { IsEmpty: false } block)
                {
                    bytes.Write(block.Span);
                }

                journals[file] = Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
            }
        }

        return [.. journals.Select(j => (j.Key, j.Value))];
    }

    /// <summary>Writes them into a folder.</summary>
    /// <exception cref="IOException">the folder cannot be written.</exception>
    internal static async Task SaveAsync(RemoteCluster cluster, string run, string folder)
    {
        foreach ((string name, string text) in await ReadAsync(cluster, run, CancellationToken.None))
        {
            await File.WriteAllTextAsync(Path.Combine(folder, name), text);
        }
    }
}
