namespace TrnOrleans.Grains.Contracts;

/// <summary>The files, by content, that a silo has. Key: the silo's address; it lives there.</summary>
public interface IContentHost : IGrainWithStringKey
{
    /// <summary>Bytes of a block, in both directions.</summary>
    const int BlockLength = 1 << 20;

    /// <summary>Whether the silo has a file, whole and verified.</summary>
    Task<bool> Has(string sha256, CancellationToken cancellation);

    /// <summary>A block of a file that the silo has; shorter at its end.</summary>
    /// <exception cref="RunFailedException">it has no such file.</exception>
    [ResponseTimeout("00:02:00")]
    Task<ReadOnlyMemory<byte>> Read(string sha256, long offset, CancellationToken cancellation);

    /// <summary>A block of a file that the silo shall have, from the first to the last; with the last one the content is verified.</summary>
    /// <param name="upload">Names this upload: another console may bring the same file at the same time.</param>
    /// <param name="file">What it will be.</param>
    /// <param name="offset">First byte of the block.</param>
    /// <param name="block">Its bytes.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="RunFailedException">blocks out of order, or another content than the name says; nothing is kept.</exception>
    [ResponseTimeout("00:02:00")]
    Task Write(Guid upload, ContentFile file, long offset, ReadOnlyMemory<byte> block, CancellationToken cancellation);
}
