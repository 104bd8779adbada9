using System.Text.Json;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Chaos.Checking;

/// <summary>Reads journals as silos wrote them.</summary>
public static class JournalFiles
{
    /// <summary>All entries of some files or folders of files, a list for each file.</summary>
    /// <exception cref="InvalidDescriptionException">there is no such file, or it is no journal.</exception>
    public static IReadOnlyList<IReadOnlyList<JournalEntry>> Read(IEnumerable<string> paths)
    {
        string[] files = [.. paths.SelectMany(InFolder)];
        return files.Length == 0
            ? throw new InvalidDescriptionException("there is no journal there; a run writes one with --journal, or on a cluster with --chaos")
            : [.. files.Select(file => Parse(ReadText(file), file))];
    }

    /// <summary>The entries of one file; a last line that a kill has cut is left out.</summary>
    /// <param name="text">Of the file.</param>
    /// <param name="source">For messages.</param>
    /// <exception cref="InvalidDescriptionException">it is no journal.</exception>
    public static IReadOnlyList<JournalEntry> Parse(string text, string source)
    {
        string[] lines = text.Split('\n');

        // What stands behind the last line's end was never written whole.
        return [.. lines[..^1].Select((line, index) => Entry(line, $"{source}, line {index + 1}"))];
    }

    private static JournalEntry Entry(string line, string where)
    {
        try
        {
            return JsonSerializer.Deserialize<JournalEntry>(line, StrictJson.Compact) ?? throw new InvalidDescriptionException($"{where} holds nothing");
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new InvalidDescriptionException($"{where} is no entry of a journal", error);
        }
    }

    private static IEnumerable<string> InFolder(string path) =>
        Directory.Exists(path) ? Directory.GetFiles(path, "*.jsonl").Order(StringComparer.Ordinal) : [path];

    private static string ReadText(string file)
    {
        try
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using StreamReader reader = new(stream);
            return reader.ReadToEnd();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDescriptionException($"the journal {file} cannot be read: {error.Message.TrimEnd('.')}", error);
        }
    }
}
