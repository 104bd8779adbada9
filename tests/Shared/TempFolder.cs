namespace TrnOrleans.Tests;

/// <summary>A folder of its own for a test, gone with it.</summary>
internal sealed class TempFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("trnorleans-test-");

    internal string Root => _folder.FullName;

    /// <summary>Names of everything inside, to see that nothing was left behind.</summary>
    internal string[] Names => [.. Directory.EnumerateFileSystemEntries(Root).Select(p => Path.GetFileName(p)!).Order(StringComparer.Ordinal)];

    /// <summary>A path inside that need not exist.</summary>
    internal string At(string name) => Path.Combine(Root, name);

    /// <summary>Writes a file and gives its path.</summary>
    internal string File(string name, byte[] content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        System.IO.File.WriteAllBytes(At(name), content);
        return At(name);
    }

    /// <summary>Writes a text file (UTF-8) and gives its path.</summary>
    internal string File(string name, string content) => File(name, System.Text.Encoding.UTF8.GetBytes(content));

    public void Dispose() => _folder.Delete(recursive: true);
}
