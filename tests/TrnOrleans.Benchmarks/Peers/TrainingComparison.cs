using System.Globalization;
using System.Text.Json;

namespace TrnOrleans.Benchmarks.Peers;

/// <summary>
/// Whole training runs of `trn train`, as a user starts them, beside PyTorch or beside each other, taking turns; the ratio of each pair of
/// turns, and the median of the ratios.
/// </summary>
/// <param name="text">A text with 65 different characters, such as Tiny Shakespeare.</param>
/// <param name="threads">Of ours, and of PyTorch in one process.</param>
internal sealed class TrainingComparison(string text, int threads)
{
    private sealed record Pair(string Name, string Ours, string Theirs);

    /// <summary>Compares.</summary>
    /// <param name="rounds">Pairs of turns.</param>
    /// <param name="only">Part of the names of those that are wanted.</param>
    internal int Run(int rounds, string only)
    {
        const string gpt = "--eval-every 0 --validation-fraction 0.003 --data";
        const string mlp = "--model mlp --sizes 784,512,512,10 --data fashion-mnist --chips 1 --batch 256 --steps 1200 --eval-every 0 --optimizer";
        string nano = $"--model gpt-nano {gpt} {text}";
        string mini = $"--model gpt-mini {gpt} {text} --steps 16 --batch 8";
        Pair[] pairs =
        [
            new("gpt-nano 12 x 64, one chip : PyTorch", $"{nano} --steps 300 --chips 1 --batch 12", $"gpt-nano --threads {threads} --steps 100"),
            new("gpt-mini 8 x 256, one chip : PyTorch", $"{mini} --chips 1", $"gpt-mini --threads {threads} --steps 10"),
            new("gpt-mini 8 x 256, 8 chips : PyTorch DDP, 4 processes", $"{mini} --chips 8", "gpt-mini --threads 1 --processes 4 --steps 10"),
            new("gpt-mini 8 x 256, 8 chips : one chip", $"{mini} --chips 8", $"trn {mini} --chips 1"),
            new("mlp 784-512-512-10, batch 256, SGD : PyTorch", $"{mlp} sgd --momentum 0", $"mlp-sgd --threads {threads} --steps 400"),
            new("mlp 784-512-512-10, batch 256, AdamW : PyTorch", $"{mlp} adamw", $"mlp-adamw --threads {threads} --steps 400"),
            new("gpt-nano, 2 UltraServers x 72 chips, batch 144 : one chip", $"{nano} --steps 40 --ultraservers 2 --chips 72 --batch 144", $"trn {nano} --steps 40 --chips 1 --batch 144"),
        ];
        foreach (Pair pair in pairs.Where(p => p.Name.Contains(only, StringComparison.OrdinalIgnoreCase)))
        {
            (double Ours, double Theirs)[] turns = [.. Enumerable.Range(0, rounds).Select(_ => (Trn(pair.Ours), pair.Theirs.StartsWith("trn ", StringComparison.Ordinal) ? Trn(pair.Theirs[4..]) : PyTorch(pair.Theirs)))];
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{pair.Name}: {Turns.Median(turns.Select(t => t.Ours)):F0} : {Turns.Median(turns.Select(t => t.Theirs)):F0} a second, ratio {Turns.Median(turns.Select(t => t.Ours / t.Theirs)):F2} ({string.Join(' ', turns.Select(t => (t.Ours / t.Theirs).ToString("F2", CultureInfo.InvariantCulture)))})"));
        }

        return 0;
    }

    private double Trn(string arguments)
    {
        string last = Programs.Trn($"train --json --threads {threads} {arguments}");
        return JsonDocument.Parse(last).RootElement.GetProperty("tokens_per_second").GetDouble();
    }

    private static double PyTorch(string arguments) => double.Parse(
        Programs.LastLine("/usr/bin/python3", $"{Programs.Path("tests/TrnOrleans.Benchmarks/Peers/pytorch_training.py")} {arguments}"), CultureInfo.InvariantCulture);
}
