using System.Diagnostics;
using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Cluster.Tests;

/// <summary>The console as a process.</summary>
internal static class Trn
{
    /// <summary>An environment in which nobody else's settings count.</summary>
    internal static IReadOnlyDictionary<string, string?> Alone { get; } = new Dictionary<string, string?>
    {
        ["TRN_REDIS"] = null,
        ["TRN_CLUSTER"] = null,
        ["TRN_DATA"] = null,
    };

    /// <summary>A run so small that a step takes some milliseconds; its rate does not depend on its length.</summary>
    internal static string[] Train(string data, long steps, params string[] more) =>
    [
        "train", "--model", "gpt-nano", "--layers", "1", "--heads", "2", "--width", "32", "--context", "16", "--data", data, "--schedule", "constant",
        "--warmup", "0", "--ultraservers", "4", "--chips", "2", "--batch", "8", "--eval-every", "0", "--steps", $"{steps}", "--json", .. more,
    ];

    internal static async Task<JsonElement[]> EventsAsync(params string[] arguments)
    {
        ChildProcess.Result result = await ChildProcess.DotnetAsync("trn", arguments, Alone);
        Assert.True(result.ExitCode == 0, $"trn {string.Join(' ', arguments)}\nexit code {result.ExitCode}: {result.Errors}{result.Output}");
        Assert.Empty(result.Errors);
        return [.. result.Lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
    }

    internal static async Task<string> DigestAsync(params string[] arguments) => Digest((await EventsAsync(arguments))[^1]);

    internal static string Digest(JsonElement end) => end.GetProperty("digest").GetString()!;

    internal static string Kind(JsonElement happened) => happened.GetProperty("event").GetString()!;

    /// <summary>Expects one sentence and no stack trace.</summary>
    internal static async Task<string> RefusedAsync(int code, string program, string[] arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        ChildProcess.Result result = await ChildProcess.DotnetAsync(program, arguments, environment ?? Alone);
        string what = $"{program} {string.Join(' ', arguments)}\nexit code {result.ExitCode}\n{result.Errors}{result.Output}";
        Assert.True(result.ExitCode == code, what);
        Assert.True(result.Errors.StartsWith($"{program}: ", StringComparison.Ordinal), what);
        Assert.True(result.Errors.EndsWith('\n') && result.Errors.Count(c => c == '\n') == 1, what);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", result.Errors, StringComparison.Ordinal);
        return result.Errors;
    }

    /// <summary>A text of some characters that a network can learn something of.</summary>
    internal static string Text(TempFolder folder)
    {
        string[] words = ["the ", "king ", "of ", "rain ", "sings ", "and\n", "we ", "all ", "go ", "home. "];
        uint state = 1;
        return folder.File("text.txt", string.Concat(Enumerable.Range(0, 2000).Select(_ => words[((state = (state * 1664525) + 1013904223) >> 16) % 10])));
    }

    /// <summary>Starts the console and reads its events as they come.</summary>
    internal sealed class Following : IDisposable
    {
        private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(2);
        private readonly Process _process;

        internal Following(params string[] arguments)
        {
            _process = ChildProcess.Start("trn", arguments, Alone);
        }

        internal List<JsonElement> Events { get; } = [];

        internal int ProcessId => _process.Id;

        /// <summary>Reads until an event that fits.</summary>
        internal async Task<JsonElement> UntilAsync(Func<JsonElement, bool> fits)
        {
            using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            deadline.CancelAfter(s_deadline);
            while (true)
            {
                string line = await _process.StandardOutput.ReadLineAsync(deadline.Token)
                    ?? throw new InvalidOperationException($"the console ended: {await _process.StandardError.ReadToEndAsync(deadline.Token)}");
                JsonElement happened = JsonSerializer.Deserialize<JsonElement>(line);
                Events.Add(happened);
                if (fits(happened))
                {
                    return happened;
                }
            }
        }

        /// <summary>The last committed step that was told.</summary>
        internal long LastStep => Events.FindLast(e => Kind(e) == "step").GetProperty("step").GetInt64();

        /// <summary>Reads until a step has been committed.</summary>
        internal Task UntilStepAsync(long step) => UntilAsync(e => Kind(e) == "step" && e.GetProperty("step").GetInt64() >= step);

        /// <summary>Reads until the run is laid out over a number of silos.</summary>
        internal Task UntilSilosAsync(int silos) => UntilAsync(e => Kind(e) == "layout" && e.GetProperty("silos").GetArrayLength() == silos);

        internal void Signal(string signal)
        {
            using Process kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
            kill.WaitForExit();
        }

        /// <summary>What it has written on the error stream; after its end.</summary>
        internal Task<string> ErrorsAsync() => _process.StandardError.ReadToEndAsync();

        internal async Task<int> ExitAsync()
        {
            using CancellationTokenSource deadline = new(s_deadline);
            await _process.WaitForExitAsync(deadline.Token);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
                _process.WaitForExit();
            }

            _process.Dispose();
        }
    }
}
