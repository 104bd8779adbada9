using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn systems`: the catalogue, and how Trainium3's UltraServer stands beside Trainium2's.</summary>
internal static class SystemsCommand
{
    private const string Gen2 = "trn3-gen2";
    private const string Before = "trn2-ultraserver";

    private sealed record Ratio(string Name, double Value, Standing Known, string Announced, string Note);

    internal static Command Create()
    {
        Command command = new("systems", "Lists the machines that are modelled, and how well each figure is known.");
        command.Options.Add(CatalogueOptions.File);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(result =>
        {
            Catalogue catalogue = CatalogueOptions.Of(result);
            if (result.GetValue(CommonOptions.Json))
            {
                Console.Out.WriteLine(Json(catalogue).ToJsonString(StrictJson.Compact));
                return Failures.Success;
            }

            Table table = Tables.Create("system", "chips", "BF16 PFLOP/s", "FP8", "HBM TB", "TB/s", "fabric GB/s a chip", "network", "power kW", "$/h", "what");
            foreach (MachineSystem system in catalogue.Systems)
            {
                Chip chip = catalogue.Chip(system.Chip);
                int n = system.ChipCount;
                table.AddRow(
                    Markup.Escape(system.Name), $"{n}", Figure(chip.PeakTeraflops["bf16"], n / 1e3), chip.PeakTeraflops.TryGetValue("fp8", out Figure? fp8) ? Figure(fp8, n / 1e3) : "–",
                    Figure(chip.MemoryGibibytes, n * 1.073741824e-3), Figure(chip.MemoryTerabytesPerSecond, n),
                    string.Join(" / ", system.Fabrics.First().Value.Select(l => Figure(l.GigabytesPerSecond, 1))), Figure(system.Network.GigabytesPerSecond, 1), Figure(chip.PowerWatts, n / 1e3),
                    system.DollarsPerHour is { } price ? Figure(price, 1) : "–", Markup.Escape(system.Summary));
            }

            Tables.Write(table);
            Console.Out.WriteLine("Not marked: official; r reported, a announced, ? assumed.");
            Table ratios = Tables.Create($"{Gen2} ÷ {Before}", "from the catalogue", "announced", string.Empty);
            foreach (Ratio ratio in Ratios(catalogue))
            {
                ratios.AddRow(ratio.Name, string.Create(CultureInfo.InvariantCulture, $"{ratio.Value:F2}×{Mark(ratio.Known)}"), ratio.Announced, ratio.Note);
            }

            Tables.Write(ratios);
            return Failures.Success;
        });
        return command;
    }

    /// <summary>Standing of a ratio: that of the worse known of its figures.</summary>
    private static IEnumerable<Ratio> Ratios(Catalogue catalogue)
    {
        (MachineSystem now, MachineSystem before) = (catalogue.System(Gen2), catalogue.System(Before));
        (Chip chip, Chip old) = (catalogue.Chip(now.Chip), catalogue.Chip(before.Chip));
        double chips = now.Chips.Value / before.Chips.Value;
        if (!chip.PeakTeraflops.TryGetValue("fp8", out Figure? f) || !old.PeakTeraflops.TryGetValue("fp8", out Figure? g))
        {
            yield break;
        }

        yield return new Ratio("compute, FP8", chips * f.Value / g.Value, Worse(f, g), "up to 4.4×", string.Empty);
        yield return Of("memory bandwidth", c => c.MemoryTerabytesPerSecond, "almost 4×");
        yield return Of("memory", c => c.MemoryGibibytes, "3.375×");
        double efficiency = f.Value / g.Value * old.PowerWatts.Value / chip.PowerWatts.Value;
        yield return new Ratio(
            "FP8 FLOP/s a watt of the chips", efficiency, Worse(chip.PowerWatts, old.PowerWatts), "4× energy efficiency",
            "the reported powers of the chips do not give what was announced, for which no power is public");

        Ratio Of(string name, Func<Chip, Figure> of, string announced) => new(name, chips * of(chip).Value / of(old).Value, Worse(of(chip), of(old)), announced, string.Empty);
    }

    private static Standing Worse(Figure a, Figure b) => (Standing)Math.Max((int)a.Known, (int)b.Known);

    private static string Figure(Figure figure, double times) => string.Create(CultureInfo.InvariantCulture, $"{figure.Value * times:G4}{Mark(figure.Known)}");

    private static string Mark(Standing known) => known switch
    {
        Standing.Reported => " r",
        Standing.Announced => " a",
        Standing.Assumed => " ?",
        _ => string.Empty,
    };

    private static JsonObject Json(Catalogue catalogue) => new()
    {
        ["systems"] = System.Text.Json.JsonSerializer.SerializeToNode(catalogue.Systems, StrictJson.Options),
        ["chips"] = System.Text.Json.JsonSerializer.SerializeToNode(catalogue.Chips, StrictJson.Options),
        ["stacks"] = System.Text.Json.JsonSerializer.SerializeToNode(catalogue.Stacks, StrictJson.Options),
        ["ratios"] = new JsonArray([.. Ratios(catalogue).Select(r => (JsonNode)new JsonObject
        {
            ["name"] = r.Name,
            ["ratio"] = r.Value,
            ["known"] = r.Known.ToString().ToLowerInvariant(),
            ["announced"] = r.Announced,
            ["note"] = r.Note.Length == 0 ? null : r.Note,
        })]),
    };
}
