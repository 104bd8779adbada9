using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;
using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn evaluate`: loss and accuracy of trained weights on the validation part of a data set.</summary>
internal static class EvaluateCommand
{
    private const int SamplesPerPass = 16;

    internal static Command Create()
    {
        Option<string?> weights = Values.Text("--weights", "FILE", "Weights, as `trn train --save` writes them.");
        Option<string?> data = Values.Text("--data", "NAME|PATH", "The data set, as for `trn train`.");
        Option<string?> model = Values.Text("--model", "NAME|FILE", "The network, for a file that does not say.");
        Option<double?> fraction = Values.Number("--validation-fraction", "Share of a text, at its end, that validates; 0.1 by default.");
        Option<string?> precision = Values.Word("--precision", "Number formats to compute in, a recipe; fp32 by default.", [.. PrecisionRecipes.Names]);
        Command command = new("evaluate", "Loss and accuracy of trained weights on the validation part of a data set.")
        {
            weights, data, model, fraction, precision, CommonOptions.Threads, CommonOptions.Json,
        };
        weights.Required = true;
        command.SetAction((result, _) => Run(
            result.GetValue(weights)!, result.GetValue(data), result.GetValue(model), result.GetValue(fraction) ?? 0.1, result.GetValue(precision), CommonOptions.ThreadsOf(result),
            result.GetValue(CommonOptions.Json)));
        return command;
    }

    private static async Task<int> Run(string path, string? source, string? model, double fraction, string? precision, int threads, bool json)
    {
        if (fraction is not (> 0 and < 1))
        {
            throw new InvalidDescriptionException($"--validation-fraction is {fraction}; it must be above 0 and below 1");
        }

        using StopSignals signals = new();
        using LoadedWeights loaded = LoadedWeights.Read(path, model, precision);
        NetworkDescription description = loaded.Network.Description;
        using DataAccess access = new();
        using DownloadLine progress = new(Console.Error);
        source ??= description.IsLanguageModel ? SourceText.Name : "fashion-mnist";
        IDataset data = await access.Loader.LoadAsync(source, fraction, loaded.Vocabulary, progress, signals.Asked);
        data.Check(description);
        using ComputeEngine engine = new(threads);
        (double Loss, long Rows, long Hits) sum = default;
        await engine.RunAsync(() => sum = Sum(loaded, data, signals.Asked));
        double loss = sum.Loss / sum.Rows;
        double accuracy = (double)sum.Hits / sum.Rows;
        Console.Out.WriteLine(json
            ? new JsonObject { ["loss"] = loss, ["accuracy"] = accuracy, ["rows"] = sum.Rows, ["data_sha256"] = data.Sha256 }.ToJsonString(StrictJson.Compact)
            : string.Create(CultureInfo.InvariantCulture, $"validation loss {loss:F6}, accuracy {accuracy:P2} over {sum.Rows:N0} {Words.Rows(description)} of {data.Name}"));
        return Failures.Success;
    }

    private static (double Loss, long Rows, long Hits) Sum(LoadedWeights loaded, IDataset data, CancellationToken cancellation)
    {
        using Pass pass = loaded.Network.CreateInferencePass(SamplesPerPass);
        (double Loss, long Rows, long Hits) sum = default;
        long samples = data.ValidationSamples(loaded.Network.Description);
        for (long first = 0; first < samples; first += SamplesPerPass)
        {
            cancellation.ThrowIfCancellationRequested();
            int count = (int)Math.Min(SamplesPerPass, samples - first);
            data.FillValidation(first, count, pass.Inputs);
            double loss = pass.Evaluate(loaded.Weights, count);
            sum = (sum.Loss + loss, sum.Rows + pass.Rows, sum.Hits + pass.Hits);
        }

        return sum;
    }
}
