using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

/// <summary>Runs the console, with a run so small that it is over at once.</summary>
internal static class Trn
{
    /// <summary>The options of a tiny gpt; pairs of name and value in <paramref name="changes"/> go over them, and null takes one away.</summary>
    internal static string[] Train(string data, params string?[] changes) => Tiny("train", data, changes);

    internal static string[] Tiny(string command, string data, params string?[] changes)
    {
        List<string> names = ["--model", "--layers", "--heads", "--width", "--context", "--steps", "--batch", "--chips", "--data"];
        Dictionary<string, string?> options = names.Zip(["gpt-nano", "1", "2", "16", "8", "3", "4", "2", data]).ToDictionary(p => p.First, p => (string?)p.Second);
        if (command == "train")
        {
            options["--threads"] = "1";
        }

        foreach (string?[] pair in changes.Chunk(2))
        {
            options[pair[0]!] = pair[1];
        }

        return [command, .. options.Where(o => o.Value is not null).SelectMany(o => new[] { o.Key, o.Value! })];
    }

    internal static Task<ChildProcess.Result> RunAsync(params string[] arguments) => ChildProcess.DotnetAsync("trn", arguments);

    /// <summary>Runs and expects success and a quiet error stream.</summary>
    internal static async Task<ChildProcess.Result> SucceedAsync(IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        ChildProcess.Result result = await ChildProcess.DotnetAsync("trn", arguments, environment);
        Assert.True(result.ExitCode == 0, $"exit code {result.ExitCode}: {result.Errors}{result.Output}");
        Assert.Empty(result.Errors);
        return result;
    }

    /// <summary>The events of a run with --json.</summary>
    internal static async Task<JsonElement[]> EventsAsync(IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        Events((await SucceedAsync([.. arguments, "--json"], environment)).Lines);

    internal static JsonElement[] Events(IEnumerable<string> lines) => [.. lines.Select(l => JsonSerializer.Deserialize<JsonElement>(l))];

    internal static async Task<string> DigestAsync(IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        (await EventsAsync(arguments, environment))[^1].GetProperty("digest").GetString()!;

    /// <summary>Expects one sentence on the error stream, no result and no file left half-written.</summary>
    internal static async Task<string> RefusedAsync(int code, TempFolder folder, params string[] arguments)
    {
        string[] before = folder.Names;
        ChildProcess.Result result = await RunAsync(arguments);
        string what = $"trn {string.Join(' ', arguments)}\nexit code {result.ExitCode}\n{result.Errors}{result.Output}";
        Assert.True(result.ExitCode == code, what);
        Assert.True(result.Errors.StartsWith("trn: ", StringComparison.Ordinal), what);
        Assert.True(result.Errors.EndsWith('\n') && result.Errors.Count(c => c == '\n') == 1, what);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("digest", result.Output, StringComparison.Ordinal);
        Assert.True(code == 1 || result.Output.Length == 0, what);
        Assert.Equal(before, folder.Names);
        return result.Errors;
    }

    /// <summary>A text of 17 characters that a network can learn something of.</summary>
    internal static string Text(TempFolder folder)
    {
        string[] words = ["the ", "king ", "of ", "rain ", "sings ", "and\n", "we ", "all ", "go ", "home. "];
        uint state = 1;
        return folder.File("text.txt", string.Concat(Enumerable.Range(0, 900).Select(_ => words[(state = (state * 1664525) + 1013904223) >> 16 & 7])));
    }

    /// <summary>A folder of IDX files with images of 2 × 2 pixels in three classes.</summary>
    internal static string Images(TempFolder folder, int training = 40, int validation = 12)
    {
        foreach ((string name, int count) in new[] { ("train", training), ("t10k", validation) })
        {
            byte n = (byte)count;
            folder.File($"images/{name}-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 2, 0, 0, 0, 2, .. Enumerable.Range(0, 4 * count).Select(i => (byte)(i * 37))]);
            folder.File($"images/{name}-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, n, .. Enumerable.Range(0, count).Select(i => (byte)(i % 3))]);
        }

        return folder.At("images");
    }
}
