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
    private sealed record Ratio(MachineSystem System, string Over, string Name, double Value, Standing Known, string Announced, string Note);

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
            foreach (IGrouping<(string System, string Over), Ratio> pair in Ratios(catalogue).GroupBy(r => (r.System.Name, r.Over)))
            {
                Table ratios = Tables.Create($"{pair.Key.System} ÷ {pair.Key.Over}", "from the catalogue", "announced", string.Empty);
                foreach (Ratio ratio in pair)
                {
                    ratios.AddRow(
                        ratio.Name, string.Create(CultureInfo.InvariantCulture, $"{ratio.Value:F2}×{Mark(ratio.Known)}"), Markup.Escape(ratio.Announced), ratio.Note);
                }

                Tables.Write(ratios);
            }

            return Failures.Success;
        });
        return command;
    }

    /// <summary>What makers say, beside what the catalogue's figures give. The standing of a ratio is that of the worse known of its figures.</summary>
    private static IEnumerable<Ratio> Ratios(Catalogue catalogue) =>
        from system in catalogue.Systems from announced in system.AnnouncedRatios select Of(catalogue, system, announced);

    private static Ratio Of(Catalogue catalogue, MachineSystem system, AnnouncedRatio announced)
    {
        MachineSystem other = catalogue.System(announced.Over);
        (Chip chip, Chip old) = (catalogue.Chip(system.Chip), catalogue.Chip(other.Chip));
        double chips = system.Chips.Value / other.Chips.Value;
        (Figure compute, Figure before) = (chip.PeakTeraflops.GetValueOrDefault("fp8") ?? chip.PeakTeraflops["bf16"], old.PeakTeraflops.GetValueOrDefault("fp8") ?? old.PeakTeraflops["bf16"]);
        return announced.Of switch
        {
            RatioQuantity.Compute => Whole("compute, FP8", compute, before),
            RatioQuantity.MemoryBandwidth => Whole("memory bandwidth", chip.MemoryTerabytesPerSecond, old.MemoryTerabytesPerSecond),
            RatioQuantity.Memory => Whole("memory", chip.MemoryGibibytes, old.MemoryGibibytes),

            // No maker says what its machine draws, only what it does with it: so the headline is the figure, and what is reported of chips stands beside it.
            _ => new Ratio(
                system, other.Name, "energy efficiency", announced.Ratio.Value, announced.Ratio.Known, announced.Stated,
                string.Create(CultureInfo.InvariantCulture, $"no power is public; FP8 FLOP/s a watt by the powers of the chips: {compute.Value / before.Value * old.PowerWatts.Value / chip.PowerWatts.Value:F2}×{Mark(Worse(chip.PowerWatts, old.PowerWatts))}")),
        };

        Ratio Whole(string name, Figure now, Figure then) => new(system, other.Name, name, chips * now.Value / then.Value, Worse(now, then), announced.Stated, string.Empty);
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
            ["system"] = r.System.Name,
            ["over"] = r.Over,
            ["ratio"] = r.Value,
            ["known"] = r.Known.ToString().ToLowerInvariant(),
            ["announced"] = r.Announced,
            ["note"] = r.Note.Length == 0 ? null : r.Note,
        })]),
    };
}
