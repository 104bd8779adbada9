using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;
using TrnOrleans.Client.Running;

namespace TrnOrleans.Client.Output;

/// <summary>What came of the same spec under several recipes: a table, a document, a plot.</summary>
/// <param name="runs">All of them, seed by seed.</param>
/// <param name="precisions">In order.</param>
/// <param name="baseline">The recipe that the others are held against.</param>
/// <param name="rows">What a row is called in rates.</param>
internal sealed class PrecisionTable(IReadOnlyList<PrecisionRun> runs, IReadOnlyList<string> precisions, string baseline, string rows)
{
    private const int MostPoints = 120;
    private const double WorthTelling = 1.05;

    /// <summary>How a recipe stands beside the baseline. Gaps are taken seed by seed: both saw the same batches.</summary>
    private sealed record Line(string Precision, double? Loss, double? Accuracy, double? Gap, double? GapError, long Skipped, double Rate, double StepSeconds, double SpeedUp, string? Failure);

    internal void Write()
    {
        Table table = Tables.Create("precision", "validation loss", $"gap to {baseline}", "accuracy", "skipped", $"{rows}/s here", "modelled step", "modelled speed-up");
        foreach (Line line in Lines())
        {
            table.AddRow(
                line.Precision, Number(line.Loss, "F4"), line.Precision == baseline ? "–" : Gap(line), line.Accuracy is { } accuracy ? accuracy.ToString("P2", CultureInfo.InvariantCulture) : "–",
                $"{line.Skipped:N0}", $"{line.Rate:N0}", PlanText.Seconds(line.StepSeconds), string.Create(CultureInfo.InvariantCulture, $"{line.SpeedUp:F2}×"));
        }

        Tables.Write(table);
        foreach (Line line in Lines().Where(l => l.Failure is not null))
        {
            Console.Out.WriteLine($"{line.Precision} did not come to its end: {line.Failure}");
        }

        if (Deviation(baseline) is { } noise)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"From seed to seed the loss of {baseline} varies by {noise:F4} (standard deviation of {Of(baseline).Count()} runs); gaps are means over the seeds, ± their standard error."));
        }
        else
        {
            Console.Out.WriteLine("One seed says nothing of the noise; --seeds 3 does.");
        }

        if (Lines().Max(l => l.SpeedUp) < WorthTelling)
        {
            Console.Out.WriteLine("A modelled step of so small a network is fixed costs, whatever its formats; `trn plan --precision` says what they bring to a large one.");
        }
    }

    internal JsonObject ToJson(bool isStopped) => new()
    {
        ["stopped"] = isStopped,
        ["baseline"] = baseline,
        ["seeds"] = new JsonArray([.. runs.Select(r => r.Seed).Distinct().Select(s => (JsonNode)s)]),
        ["baseline_deviation"] = Deviation(baseline),
        ["precisions"] = new JsonArray([.. Lines().Select(line => (JsonNode)new JsonObject
        {
            ["precision"] = line.Precision,
            ["validation_loss"] = line.Loss,
            ["validation_losses"] = new JsonArray([.. Of(line.Precision).Select(r => (JsonNode?)r.Validation?.Loss)]),
            ["accuracy"] = line.Accuracy,
            ["gap"] = line.Gap,
            ["gap_standard_error"] = line.GapError,
            ["skipped_steps"] = line.Skipped,
            ["tokens_per_second"] = line.Rate,
            ["modelled_step_seconds"] = line.StepSeconds,
            ["modelled_speed_up"] = line.SpeedUp,
            ["failure"] = line.Failure,
        })]),
    };

    /// <summary>The losses of the first seed, neighbours averaged; null when there are none.</summary>
    internal string? Plot(string title)
    {
        PlotLine[] lines = [.. precisions.Select(p => new PlotLine(p, Points(Of(p).First().Losses))).Where(l => l.Points.Count > 0)];
        return lines.Length == 0
            ? null
            : LinePlot.Draw(title, "training loss of the first seed, averaged over neighbouring steps", "step", "loss, nats", lines, isEven: true);
    }

    private static (double X, double Y)[] Points(IReadOnlyList<double> losses)
    {
        int each = Math.Max(1, (losses.Count + MostPoints - 1) / MostPoints);
        return [.. losses.Index().Chunk(each).Select(c => (c.Average(l => (double)l.Index), c.Average(l => l.Item)))];
    }

    private IEnumerable<Line> Lines()
    {
        double before = Of(baseline).First().ModelledStepSeconds;
        foreach (string precision in precisions)
        {
            PrecisionRun[] own = [.. Of(precision)];
            double[] gaps = [.. own.Zip(Of(baseline)).Where(p => p.First.Validation is not null && p.Second.Validation is not null).Select(p => p.First.Validation!.Loss - p.Second.Validation!.Loss)];
            bool isWhole = own.All(r => r.Validation is not null);
            yield return new Line(
                precision, isWhole ? own.Average(r => r.Validation!.Loss) : null, isWhole ? own.Average(r => r.Validation!.Accuracy) : null,
                gaps.Length == own.Length ? gaps.Average() : null, gaps.Length == own.Length && gaps.Length > 1 ? Deviation(gaps) / Math.Sqrt(gaps.Length) : null,
                own.Sum(r => r.Skipped), own.Average(r => r.RowsPerSecond), own[0].ModelledStepSeconds, before / own[0].ModelledStepSeconds,
                own.FirstOrDefault(r => r.Failure is not null)?.Failure);
        }
    }

    private IEnumerable<PrecisionRun> Of(string precision) => runs.Where(r => r.Precision == precision);

    private double? Deviation(string precision)
    {
        double[] losses = [.. Of(precision).Where(r => r.Validation is not null).Select(r => r.Validation!.Loss)];
        return losses.Length > 1 ? Deviation(losses) : null;
    }

    private static double Deviation(double[] values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    }

    private static string Gap(Line line) => line.Gap is not { } gap ? "–"
        : string.Create(CultureInfo.InvariantCulture, $"{gap:+0.0000;-0.0000}{(line.GapError is { } error ? $" ± {error:F4}" : string.Empty)}");

    private static string Number(double? value, string format) => value is { } number ? number.ToString(format, CultureInfo.InvariantCulture) : "–";
}
