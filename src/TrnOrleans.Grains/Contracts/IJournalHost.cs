namespace TrnOrleans.Grains.Contracts;

/// <summary>The journals that a silo has written, also before it was started anew. Key: the silo's address; it lives there.</summary>
public interface IJournalHost : IGrainWithStringKey
{
    /// <summary>Most bytes of one answer.</summary>
    const int BlockLength = 1 << 20;

    /// <summary>File names of a run's journals.</summary>
    Task<IReadOnlyList<string>> Files(string run, CancellationToken cancellation);

    /// <summary>Bytes of one of them; none at its end.</summary>
    /// <exception cref="RunFailedException">there is no such journal of that run.</exception>
    Task<ReadOnlyMemory<byte>> Read(string run, string file, long offset, CancellationToken cancellation);
}
