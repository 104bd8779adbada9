using Microsoft.Win32.SafeHandles;
using Orleans.Concurrency;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Placement;

namespace TrnOrleans.Grains.Journal;

/// <summary>Hands out this silo's journals.</summary>
[SiloPlacement, Reentrant]
internal sealed class JournalHost(RunJournals journals) : Grain, IJournalHost
{
    public Task<IReadOnlyList<string>> Files(string run, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<string>>([.. journals.Files(run).Select(path => Path.GetFileName(path))]);

    public Task<ReadOnlyMemory<byte>> Read(string run, string file, long offset, CancellationToken cancellation)
    {
        // By the list, and not by the name: a path is nobody's to choose.
        string path = journals.Files(run).FirstOrDefault(known => Path.GetFileName(known) == file)
            ?? throw new RunFailedException($"this silo has no journal {file} of run {run}");
        return Task.Run(() =>
        {
            using SafeFileHandle handle = File.OpenHandle(path, share: FileShare.ReadWrite);
            byte[] block = new byte[Math.Clamp(RandomAccess.GetLength(handle) - offset, 0, IJournalHost.BlockLength)];
            return (ReadOnlyMemory<byte>)block.AsMemory(0, RandomAccess.Read(handle, block, offset));
        });
    }
}
