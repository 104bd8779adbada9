using System.Security.Cryptography;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Text;

namespace TrnOrleans.Models.Data;

/// <summary>Turns what the user wrote behind <c>--data</c> into a data set.</summary>
/// <param name="catalogue">Names and places.</param>
/// <param name="downloader">Null where nothing may be downloaded.</param>
public sealed class DatasetLoader(DataCatalogue catalogue, Downloader? downloader)
{
    private const long LargestText = 1L << 30;

    /// <summary>Reads a data set: "source", a catalogue name, a text file, an IDX file, or a folder of IDX files.</summary>
    /// <param name="source">What the user wrote.</param>
    /// <param name="validationFraction">Share of a text that validates.</param>
    /// <param name="vocabulary">Characters of weights that were trained before, or null.</param>
    /// <param name="progress">Told about a download.</param>
    /// <param name="cancellation">Ends a download.</param>
    /// <exception cref="InvalidDescriptionException">not there, damaged, or not what it says it is; one sentence.</exception>
    public async Task<IDataset> LoadAsync(
        string source, double validationFraction, CharacterVocabulary? vocabulary, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        if (source == SourceText.Name)
        {
            return TextDataset.FromBytes(source, SourceText.Read(), validationFraction, vocabulary);
        }

        if (DataCatalogue.Find(source) is { } entry)
        {
            return await FromCatalogueAsync(entry, validationFraction, vocabulary, progress, cancellation).ConfigureAwait(false);
        }

        if (Directory.Exists(source))
        {
            return ImageFolder.Read(source, source);
        }

        if (!File.Exists(source))
        {
            bool nameLike = source.Length > 0 && !source.Contains('/', StringComparison.Ordinal) && !source.Contains('.', StringComparison.Ordinal);
            string hint = nameLike
                ? $"the nearest known name is {NearestWord.Of(source, DataCatalogue.Entries.Select(e => e.Name).Append(SourceText.Name))}"
                : "give a text file, a folder with IDX files, or a name that `trn data` lists";
            throw new InvalidDescriptionException($"there is no data {source}; {hint}");
        }

        return IsIdx(source)
            ? ImageFolder.Read(source, Path.GetDirectoryName(Path.GetFullPath(source))!)
            : TextDataset.FromBytes(source, await ReadAsync(source, cancellation).ConfigureAwait(false), validationFraction, vocabulary);
    }

    /// <summary>The files that <see cref="LoadAsync"/> has read for a source, so that another machine can be given them.</summary>
    public IReadOnlyList<DataFile> Files(string source)
    {
        if (source == SourceText.Name)
        {
            return [new DataFile("source.txt", () => new MemoryStream(SourceText.Read()))];
        }

        CatalogueEntry? entry = DataCatalogue.Find(source);
        string? folder = entry is not null ? catalogue.Locate(entry)
            : Directory.Exists(source) ? source
            : IsIdx(source) ? Path.GetDirectoryName(Path.GetFullPath(source))
            : null;
        IEnumerable<string?> paths = folder is null ? [source]
            : entry?.Kind == "text" ? [DataCatalogue.FindFile(folder, entry.Files[0])]
            : ImageFolder.Files.Select(file => ImageFolder.Find(folder, file));
        return [.. paths.OfType<string>().Select(path => new DataFile(Path.GetFileName(path), () => File.OpenRead(path)))];
    }

    private static bool IsIdx(string path) =>
        Path.GetFileName(path).Contains("idx", StringComparison.OrdinalIgnoreCase) && (path.EndsWith("ubyte", StringComparison.Ordinal) || path.EndsWith(".gz", StringComparison.Ordinal));

    private static async Task<byte[]> ReadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            // A device such as /dev/zero has no length and no end.
            long length = new FileInfo(path).Length;
            return length == 0 ? []
                : length <= LargestText
                ? await File.ReadAllBytesAsync(path, cancellation).ConfigureAwait(false)
                : throw new InvalidDescriptionException($"{path} is larger than 1 GiB; cut out a part to train on");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDescriptionException($"cannot read {path}: {Weights.SafetensorsReader.Reason(error)}", error);
        }
    }

    private async Task<IDataset> FromCatalogueAsync(
        CatalogueEntry entry, double validationFraction, CharacterVocabulary? vocabulary, IProgress<DownloadProgress>? progress, CancellationToken cancellation)
    {
        string? folder = catalogue.Locate(entry);
        if (folder is null)
        {
            folder = Path.Combine(catalogue.CacheFolder, entry.Name);
            await (downloader ?? throw new InvalidDescriptionException($"{entry.Name} is not on this machine; put its files into {folder}"))
                .FetchAsync(entry, folder, progress, cancellation).ConfigureAwait(false);
        }

        if (entry.Kind == "images")
        {
            return ImageFolder.Read(entry.Name, folder, entry.Files);
        }

        string path = DataCatalogue.FindFile(folder, entry.Files[0])!;
        byte[] bytes = await ReadAsync(path, cancellation).ConfigureAwait(false);
        return Convert.ToHexStringLower(SHA256.HashData(bytes)) == entry.Files[0].Sha256
            ? TextDataset.FromBytes(entry.Name, bytes, validationFraction, vocabulary)
            : throw new InvalidDescriptionException($"{path} is not the {entry.Name} that this name stands for (its SHA-256 differs); remove it, or name the file itself as --data");
    }
}
