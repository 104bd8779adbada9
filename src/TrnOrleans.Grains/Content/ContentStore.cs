using System.Security.Cryptography;
using System.Text;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Content;

/// <summary>Files of this silo, named by the SHA-256 of their content. A file is there as a whole and verified, or not at all.</summary>
/// <param name="root">Folder; made when first needed.</param>
public sealed class ContentStore(string root)
{
    private const int HashLength = 64;

    /// <summary>Where a file is, or would be.</summary>
    /// <exception cref="RunFailedException">not a SHA-256 in lower-case hexadecimal.</exception>
    public string PathOf(string sha256) =>
        sha256.Length == HashLength && sha256.All(char.IsAsciiHexDigitLower)
            ? Path.Combine(root, sha256)
            : throw new RunFailedException("a file is named by the SHA-256 of its content");

    /// <summary>Whether a file is here.</summary>
    public bool Has(string sha256) => File.Exists(PathOf(sha256));

    /// <summary>Takes a file in, block by block, from a source that may be on another machine.</summary>
    /// <param name="file">What it must be.</param>
    /// <param name="read">Gives the block at an offset.</param>
    /// <exception cref="RunFailedException">the content is not what the name says; nothing is kept.</exception>
    public async Task TakeAsync(ContentFile file, Func<long, Task<ReadOnlyMemory<byte>>> read)
    {
        await using ContentUpload upload = Begin(file);
        while (upload.Length < file.Length)
        {
            await upload.AddAsync(await read(upload.Length).ConfigureAwait(false)).ConfigureAwait(false);
        }

        upload.Commit();
    }

    /// <summary>Starts taking a file in.</summary>
    public ContentUpload Begin(ContentFile file)
    {
        string path = PathOf(file.Sha256);
        Directory.CreateDirectory(root);
        return new ContentUpload(file, path);
    }

    /// <summary>A folder with some files under their own names, for readers that go by name.</summary>
    /// <param name="files">All of them here.</param>
    /// <exception cref="RunFailedException">a name that is more, or less, than the name of a file.</exception>
    public string FolderOf(IReadOnlyList<ContentFile> files)
    {
        // Named by what is in it, so that nobody can put other files where an honest run looks for its own.
        byte[] list = Encoding.UTF8.GetBytes(string.Join('\n', files.Select(f => $"{f.Sha256} {f.Name}")));
        string folder = Path.Combine(root, "sets", Convert.ToHexStringLower(SHA256.HashData(list)));
        foreach (ContentFile file in files)
        {
            if (file.Name is "" or "." or ".." || file.Name != Path.GetFileName(file.Name) || file.Name.Contains('\0', StringComparison.Ordinal))
            {
                throw new RunFailedException($"{file.Name} is no name of a file");
            }
        }

        Directory.CreateDirectory(folder);
        foreach (ContentFile file in files)
        {
            string link = Path.Combine(folder, file.Name);
            if (!File.Exists(link))
            {
                try
                {
                    File.CreateSymbolicLink(link, PathOf(file.Sha256));
                }
                catch (IOException) when (File.Exists(link))
                {
                    // Another run was faster.
                }
            }
        }

        return folder;
    }
}

/// <summary>A file on its way in; what is not committed leaves nothing behind.</summary>
public sealed class ContentUpload : IAsyncDisposable
{
    private readonly ContentFile _file;
    private readonly string _path;
    private readonly string _temporary;
    private readonly FileStream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    internal ContentUpload(ContentFile file, string path)
    {
        (_file, _path) = (file, path);
        _temporary = $"{path}.{Guid.NewGuid():N}.part";
        _stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write);
    }

    /// <summary>Bytes so far.</summary>
    public long Length { get; private set; }

    /// <summary>Appends a block.</summary>
    /// <exception cref="RunFailedException">an empty block, or more than the file's length.</exception>
    public async Task AddAsync(ReadOnlyMemory<byte> block)
    {
        if (block.IsEmpty || Length + block.Length > _file.Length)
        {
            throw new RunFailedException($"{_file.Name} ends at byte {Length + block.Length}, and should have {_file.Length}");
        }

        _hash.AppendData(block.Span);
        await _stream.WriteAsync(block).ConfigureAwait(false);
        Length += block.Length;
    }

    /// <summary>Verifies and makes it visible.</summary>
    /// <exception cref="RunFailedException">the content is not what the name says.</exception>
    public void Commit()
    {
        string found = Convert.ToHexStringLower(_hash.GetCurrentHash());
        if (Length != _file.Length || found != _file.Sha256)
        {
            throw new RunFailedException($"{_file.Name} was damaged on its way: its SHA-256 is {found}, and should be {_file.Sha256}");
        }

        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(_temporary, _path, overwrite: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync().ConfigureAwait(false);
        _hash.Dispose();
        File.Delete(_temporary);
    }
}
