using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Validation;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn validate`: the model of time against published measurements.</summary>
internal static class ValidateCommand
{
    private const int WorstShown = 3;

    internal static Command Create()
    {
        Option<string?> rows = Values.Text("--rows", "FILE.csv", "Measurements of your own, with the columns of one of the published tables.");
        Option<bool> all = new("--all") { Description = "Every row, not only the worst." };
        Command command = new("validate", "Holds the modelled machine against published measurements, and says how far it is off.");
        command.Options.Add(rows);
        command.Options.Add(all);
        command.Options.Add(CatalogueOptions.File);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(result =>
        {
            Catalogue catalogue = CatalogueOptions.Of(result);
            IReadOnlyList<ValidationTable> tables = result.GetValue(rows) is { } path ? [Read(path)] : PublishedTables.All;
            if (result.GetValue(CommonOptions.Json))
            {
                JsonNode[] documents = [.. tables.Select(table => (JsonNode)Json(table, table.Against(catalogue)))];
                Console.Out.WriteLine((result.GetValue(rows) is null ? new JsonArray(documents) : documents[0]).ToJsonString(StrictJson.Compact));
                return Failures.Success;
            }

            Summarize(tables, catalogue);
            foreach (ValidationTable table in tables)
            {
                Worst(table, table.Against(catalogue), result.GetValue(all) ? int.MaxValue : WorstShown);
            }

            return Failures.Success;
        });
        return command;
    }

    private static ValidationTable Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return PublishedTables.Of(CsvTable.Read(stream, Path.GetFileName(path)), isOwn: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDescriptionException($"cannot read {path}: {Failures.Reason(error)}", error);
        }
    }

    private static void Summarize(IReadOnlyList<ValidationTable> tables, Catalogue catalogue)
    {
        Table table = Tables.Create("table", "rows", "mean error", "median", "worst", "fitted to", "not fitted to", "others");
        foreach (ValidationTable one in tables)
        {
            IReadOnlyList<Deviation> all = one.Against(catalogue);
            table.AddRow(
                Markup.Escape(one.Name), $"{all.Count}", Percent(ValidationTable.MeanError(all)), Percent(ValidationTable.MedianError(all)), Percent(100 * Math.Abs(all[0].Error)),
                Of(all.Where(d => d.Measured.IsCalibration)), Of(all.Where(d => !d.Measured.IsCalibration)), one.Others);
        }

        Tables.Write(table);

        static string Of(IEnumerable<Deviation> some) => some.Any() ? $"{some.Count()}: {Percent(ValidationTable.MeanError(some))}" : "–";
    }

    private static void Worst(ValidationTable table, IReadOnlyList<Deviation> deviations, int shown)
    {
        Console.Out.WriteLine($"{table.Name} ({table.Source}), {(shown < deviations.Count ? "worst first" : "all, worst first")}:");
        foreach (Deviation d in deviations.Take(shown))
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {100 * d.Error,7:+0.0;-0.0} %  {d.Measured.Label}: {d.Measured.Seconds:G4} s, modelled {d.Modelled:G4} s{(d.Measured.IsCalibration ? ", fitted to" : string.Empty)}"));
        }
    }

    private static JsonObject Json(ValidationTable table, IReadOnlyList<Deviation> all)
    {
        Deviation[] fitted = [.. all.Where(d => d.Measured.IsCalibration)];
        Deviation[] check = [.. all.Where(d => !d.Measured.IsCalibration)];
        return new JsonObject
        {
            ["table"] = table.Name,
            ["source"] = table.Source,
            ["rows"] = all.Count,
            ["mean_absolute_percentage_error"] = ValidationTable.MeanError(all),
            ["median_absolute_percentage_error"] = ValidationTable.MedianError(all),
            ["worst"] = 100 * Math.Abs(all[0].Error),
            ["calibration_rows"] = fitted.Length,
            ["calibration_mean_absolute_percentage_error"] = fitted.Length == 0 ? null : ValidationTable.MeanError(fitted),
            ["check_rows"] = check.Length,
            ["check_mean_absolute_percentage_error"] = check.Length == 0 ? null : ValidationTable.MeanError(check),
            ["others"] = table.Others,
            ["errors"] = new JsonArray([.. all.Select(d => (JsonNode)new JsonObject
            {
                ["row"] = d.Measured.Label,
                ["measured_seconds"] = d.Measured.Seconds,
                ["modelled_seconds"] = d.Modelled,
                ["error_percent"] = 100 * d.Error,
                ["calibration"] = d.Measured.IsCalibration,
            })]),
        };
    }

    private static string Percent(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:F2} %");
}
