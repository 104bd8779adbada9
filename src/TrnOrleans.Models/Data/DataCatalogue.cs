using TrnOrleans.Models.Json;

namespace TrnOrleans.Models.Data;

/// <summary>A data set known by name.</summary>
/// <param name="Name">What <c>--data</c> takes.</param>
/// <param name="Kind">"text" or "images".</param>
/// <param name="Summary">For people.</param>
/// <param name="Source">Who published it.</param>
/// <param name="Files">Its files.</param>
public sealed record CatalogueEntry(string Name, string Kind, string Summary, string Source, IReadOnlyList<CatalogueFile> Files);

/// <summary>A file of a data set.</summary>
/// <param name="Name">Its name, without .gz.</param>
/// <param name="Url">Where it is downloaded from, over HTTPS.</param>
/// <param name="Bytes">Its length, decompressed.</param>
/// <param name="Sha256">Of its content, decompressed; so a file is the same whichever way it was compressed.</param>
public sealed record CatalogueFile(string Name, string Url, long Bytes, string Sha256);

/// <summary>The data sets known by name, and the places where they are looked for.</summary>
/// <param name="roots">Folders, first come first served; the last is where downloads go.</param>
public sealed class DataCatalogue(IReadOnlyList<string> roots)
{
    /// <summary>All entries.</summary>
    public static IReadOnlyList<CatalogueEntry> Entries { get; } = Load();

    /// <summary>Where downloads are kept.</summary>
    public string CacheFolder => roots[^1];

    /// <summary>TRN_DATA (when set), the system's data sets, and the user's cache folder.</summary>
    public static DataCatalogue FromEnvironment() => From(Environment.GetEnvironmentVariable("TRN_DATA"));

    /// <summary>A folder (or null), the system's data sets, and the user's cache folder.</summary>
    public static DataCatalogue From(string? configured)
    {
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        cache = string.IsNullOrEmpty(cache) ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache") : cache;
        string[] roots = [.. string.IsNullOrEmpty(configured) ? [] : new[] { configured }, "/usr/share/datasets", Path.Combine(cache, "trnorleans")];
        return new DataCatalogue(roots);
    }

    /// <summary>The entry of a name, or null.</summary>
    public static CatalogueEntry? Find(string name) => Entries.FirstOrDefault(e => e.Name == name);

    /// <summary>The folder that holds every file of an entry, or null.</summary>
    public string? Locate(CatalogueEntry entry) =>
        roots.SelectMany(root => new[] { Path.Combine(root, entry.Name), root })
            .FirstOrDefault(folder => entry.Files.All(file => FindFile(folder, file) is not null));

    /// <summary>A file in a folder, raw or .gz, or null.</summary>
    public static string? FindFile(string folder, CatalogueFile file) => ImageFolder.Find(folder, file.Name);

    private static CatalogueEntry[] Load()
    {
        using Stream stream = typeof(DataCatalogue).Assembly.GetManifestResourceStream("data-catalogue.json")!;
        using StreamReader reader = new(stream);
        return StrictJson.Read<CatalogueEntry[]>(reader.ReadToEnd(), "data catalogue");
    }
}
