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
        Option<string?> precisions = Values.Text(
            "--precisions", "NAME,FILE,…", $"Recipes, by default {DefaultPrecisions}; there are {string.Join(", ", PrecisionRecipes.Names)}, and those in the precision section of a spec file that ends in .json.");
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
            (string Name, PrecisionSpec Spec)[] recipes = Recipes(result.GetValue(precisions) ?? DefaultPrecisions);
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
            Array.ForEach(recipes, recipe => PrecisionRecipe.Of(PrecisionRecipes.Resolve(recipe.Spec)).CheckOn(Catalogue.BuiltIn.Chip(Catalogue.BuiltIn.System(system).Chip)));
            RunSession.CheckWritable(plot.Name, result.GetValue(plot));
            ulong first = resolved.Training.Seed;
            PrecisionComparison comparison = new(resolved, spec.Epochs(result), system, CommonOptions.ThreadsOf(result));
            int done = 0;
            IReadOnlyList<PrecisionRun> runs = await comparison.RunAsync(
                recipes, [.. Enumerable.Range(0, (int)count).Select(i => unchecked(first + (ulong)i))],
                run => Console.Error.WriteLine($"{++done} of {recipes.Length * count}: {run.Precision}, seed {run.Seed}: {(run.Validation is { } v ? $"validation loss {v.Loss:F4}" : run.Failure)}"),
                signals.Asked);
            bool isStopped = runs.Count < recipes.Length * count;
            if (runs.Count == 0)
            {
                throw new OperationCanceledException(signals.Asked);
            }

            if (isStopped)
            {
                Console.Error.WriteLine($"Stopped after {runs.Count} of {recipes.Length * count} runs; this is what they say.");
            }

            string[] names = [.. recipes.Select(p => p.Name).Where(name => runs.Any(run => run.Precision == name))];
            string baseline = names.Contains(PrecisionRecipes.Default) ? PrecisionRecipes.Default : names[0];
            PrecisionTable table = new(runs, names, baseline, Words.Rows(resolved.Model));
            if (result.GetValue(CommonOptions.Json))
            {
                Console.Out.WriteLine(table.ToJson(isStopped).ToJsonString(StrictJson.Compact));
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

            return isStopped ? signals.ExitCode : Failures.Success;
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
    private static (string Name, PrecisionSpec Spec)[] Recipes(string list)
    {
        (string Name, PrecisionSpec Spec)[] recipes = [.. list.Split(',').Select(n => n.Trim()).Select(n => (n, Recipe(n)))];
        return recipes.GroupBy(p => p.Name).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? throw new InvalidDescriptionException($"--precisions names {twice.Key} twice")
            : recipes;
    }

    private static PrecisionSpec Recipe(string name)
    {
        if (!name.EndsWith(".json", StringComparison.Ordinal))
        {
            return PrecisionRecipes.Names.Contains(name) ? new PrecisionSpec { Recipe = name } : throw new InvalidDescriptionException(
                $"--precisions knows no {(name.Length == 0 ? "recipe without a name" : name)}; it takes {string.Join(", ", PrecisionRecipes.Names)}, and files that end in .json");
        }

        return SpecResolver.Resolve(SpecOptions.Read(name), name, null, []).Precision;
    }
}
