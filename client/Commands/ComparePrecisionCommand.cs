using System.CommandLine;
using System.Text;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn compare-precision`: does this model converge in these number formats?</summary>
internal static class ComparePrecisionCommand
{
    private const string DefaultPrecisions = "fp32,bf16SR,mxfp8,mxfp4";
    private const int DefaultSeeds = 3;
    private const int MostSeeds = 100;

    internal static Command Create()
    {
        SpecOptions spec = new();
        Option<string?> precisions = Values.Text("--precisions", "NAME,NAME,…", $"Recipes, by default {DefaultPrecisions}; there are {string.Join(", ", PrecisionRecipes.Names)}.");
        Option<long?> seeds = Values.Whole("--seeds", $"Runs of each recipe, with --seed and the numbers behind it; by default {DefaultSeeds}.");
        Option<string?> plot = Values.Text("--plot", "FILE", "Write the loss curves there (SVG).");
        Command command = new("compare-precision", "Trains the same spec in each of some number formats, and says how far their losses lie apart.");
        command.Options.Add(precisions);
        command.Options.Add(seeds);
        command.Options.Add(plot);
        spec.AddTo(command);
        ClockChoices.AddSystemTo(command);
        command.Options.Add(CommonOptions.Threads);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(async (result, _) =>
        {
            using StopSignals signals = new();
            RunSpec resolved = spec.Resolve(result);
            string[] names = Names(result.GetValue(precisions) ?? DefaultPrecisions);
            if (resolved.Precision != new PrecisionSpec())
            {
                throw new InvalidDescriptionException("--precision, or the spec's precision, says one recipe, and --precisions says which to compare; leave the first out");
            }

            long count = result.GetValue(seeds) ?? DefaultSeeds;
            if (count is < 1 or > MostSeeds)
            {
                throw new InvalidDescriptionException($"--seeds is {count}; it must be between 1 and {MostSeeds}");
            }

            string system = ClockChoices.SystemOf(result);
            Array.ForEach(names, name => PrecisionRecipe.Of(name).CheckOn(Catalogue.BuiltIn.Chip(Catalogue.BuiltIn.System(system).Chip)));
            RunSession.CheckWritable(plot.Name, result.GetValue(plot));
            string baseline = names.Contains(PrecisionRecipes.Default) ? PrecisionRecipes.Default : names[0];
            ulong first = resolved.Training.Seed;
            PrecisionComparison comparison = new(resolved, spec.Epochs(result), system, CommonOptions.ThreadsOf(result));
            int done = 0;
            IReadOnlyList<PrecisionRun> runs = await comparison.RunAsync(
                names, [.. Enumerable.Range(0, (int)count).Select(i => unchecked(first + (ulong)i))],
                run => Console.Error.WriteLine($"{++done} of {names.Length * count}: {run.Precision}, seed {run.Seed}: {(run.Validation is { } v ? $"validation loss {v.Loss:F4}" : run.Failure)}"),
                signals.Asked);
            PrecisionTable table = new(runs, names, baseline, Words.Rows(resolved.Model));
            if (result.GetValue(CommonOptions.Json))
            {
                Console.Out.WriteLine(table.ToJson().ToJsonString(StrictJson.Compact));
            }
            else
            {
                table.Write();
            }

            // Last, so that a full disk costs the picture and not the result.
            if (result.GetValue(plot) is { } path)
            {
                await Plot(path, table.Plot($"{Words.Name(resolved.Model)}, {resolved.Training.Steps:N0} steps, batch {resolved.Training.Batch}"));
            }

            return Failures.Success;
        });
        return command;
    }

    private static async Task Plot(string path, string? svg)
    {
        if (svg is null)
        {
            Console.Error.WriteLine("There is no plot: no run came past its first step.");
            return;
        }

        try
        {
            await AtomicFile.WriteAsync(path, stream => stream.WriteAsync(Encoding.UTF8.GetBytes(svg)).AsTask());
            Console.Error.WriteLine($"The plot is in {path}.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new RunFailedException($"the runs are over, but their plot could not be written to {path}: {Failures.Reason(error)}", error);
        }
    }

    /// <exception cref="InvalidDescriptionException">one that there is not, or one twice.</exception>
    private static string[] Names(string list)
    {
        string[] names = [.. list.Split(',').Select(n => n.Trim())];
        foreach (string name in names)
        {
            PrecisionRecipes.Resolve(new PrecisionSpec { Recipe = name });
        }

        return names.Distinct().Count() == names.Length ? names : throw new InvalidDescriptionException($"--precisions names {names.GroupBy(n => n).First(g => g.Count() > 1).Key} twice");
    }
}
