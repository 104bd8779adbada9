using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace TrnOrleans.Benchmarks.Peers;

/// <summary>
/// What a checkpoint at every step costs a run: seconds from step to step as somebody who follows sees them, with and without, in turns. The
/// seconds that a step itself reports would leave out the snapshot, and what the writing beside it takes.
/// </summary>
/// <param name="text">A text such as Tiny Shakespeare.</param>
/// <param name="rounds">Turns.</param>
internal sealed class CheckpointCost(string text, int rounds)
{
    private const int Steps = 16;

    // Until caches are warm and the compiler is done.
    private const int Warm = 3;

    internal int Run()
    {
        string folder = Path.Combine(Path.GetTempPath(), $"trn-checkpoints-{Environment.ProcessId}");
        List<(double With, double Without)> turns = [];
        for (int turn = 0; turn < rounds; turn++)
        {
            double Without() => SecondsPerStep(string.Empty);
            double With()
            {
                double seconds = SecondsPerStep($"--checkpoint-dir {folder} --checkpoint-every 1 --keep 2");
                Directory.Delete(folder, recursive: true);
                return seconds;
            }

            // Each goes first as often as the other.
            double first = turn % 2 == 0 ? Without() : With();
            double second = turn % 2 == 0 ? With() : Without();
            turns.Add(turn % 2 == 0 ? (second, first) : (first, second));
            Console.WriteLine(Line($"turn {turn + 1}", turns[^1].With, turns[^1].Without, turns[^1].With / turns[^1].Without));
        }

        double[] ratios = [.. turns.Select(t => t.With / t.Without).Order()];
        Console.WriteLine(Line("median", Turns.Median(turns.Select(t => t.With)), Turns.Median(turns.Select(t => t.Without)), Turns.Median(ratios)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratios from {ratios[0]:F3} to {ratios[^1]:F3}, mean {ratios.Average():F3}"));
        return 0;
    }

    private static string Line(string name, double with, double without, double ratio) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}: gpt-mini, a checkpoint every step {with:F3} s a step, without {without:F3} s, ratio {ratio:F3}");

    private double SecondsPerStep(string options)
    {
        string arguments = $"{Programs.Path("client/bin/Release/net10.0/trn.dll")} train --model gpt-mini --steps {Steps} --eval-every 0 --validation-fraction 0.003 --data {text} --json {options}";
        using Process process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        List<long> at = [];
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (JsonDocument.Parse(line).RootElement.GetProperty("event").GetString() == "step")
            {
                at.Add(Stopwatch.GetTimestamp());
            }
        }

        process.WaitForExit();
        return process.ExitCode == 0 && at.Count == Steps
            ? Stopwatch.GetElapsedTime(at[Warm - 1], at[^1]).TotalSeconds / (Steps - Warm)
            : throw new InvalidOperationException($"trn ended with {process.ExitCode} after {at.Count} steps");
    }
}
