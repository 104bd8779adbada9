using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Client.Options;

/// <summary>What is done to a run, and what is written about it.</summary>
internal static class ChaosOptions
{
    internal static Option<string?> Chaos { get; } = Values.Text(
        "--chaos", "FILE|PRESET", $"Faults that strike the run: a manifest, or one of {string.Join(", ", FaultPresets.Names)}; `trn chaos` says more.");

    internal static Option<string?> Journal { get; } = Values.Text(
        "--journal", "DIR", "Keep a journal of commits, faults and recoveries; of a run on a cluster, the silos' journals are brought there when it is over.");

    private static Option<string?> Verify { get; } = Values.Text(
        "--verify", "none|sample:RATE|full", "Let another chip compute kernel steps again, all or a share of them, and hold the bits against each other; by default none.");

    internal static void AddTo(Command command)
    {
        command.Options.Add(Verify);
        command.Options.Add(Chaos);
        command.Options.Add(Journal);
    }

    /// <summary>Reads and checks what was asked for.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="cluster">The machine that faults must have a target on.</param>
    /// <exception cref="InvalidDescriptionException">no such file or preset, or a manifest that cannot be.</exception>
    internal static RunOptions Of(ParseResult result, ClusterSpec cluster)
    {
        if (result.GetValue(Journal) is { } folder)
        {
            CheckWritable(folder);
        }

        FaultManifest? manifest = result.GetValue(Chaos) is { } name ? Read(name) : null;
        manifest?.CheckTargets(cluster.UltraServers, cluster.Chips, result.GetValue(Chaos)!);
        return new RunOptions(
            result.GetValue(Journal) is not null || (manifest is not null && ClusterOptions.Of(result) is not null), manifest is null ? null : JsonSerializer.Serialize(manifest, StrictJson.Compact))
        {
            Verify = Share(result.GetValue(Verify), cluster),
        };
    }

    private static double Share(string? text, ClusterSpec cluster)
    {
        const string sample = "sample:";
        double share = text switch
        {
            null or "none" => 0,
            "full" => 1,
            _ when text.StartsWith(sample, StringComparison.Ordinal)
                && double.TryParse(text[sample.Length..], NumberStyles.Float, CultureInfo.InvariantCulture, out double rate) && rate is > 0 and <= 1 => rate,
            _ => throw new InvalidDescriptionException($"--verify is {text}; it takes none, full, or sample:RATE with a rate above 0 and at most 1, such as sample:0.05"),
        };
        return share == 0 || cluster.Chips > 1
            ? share
            : throw new InvalidDescriptionException("--verify needs another chip to compute again what one has computed; give each UltraServer at least 2 with --chips");
    }

    private static void CheckWritable(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            AtomicFile.CheckWritable(Path.Combine(folder, "probe"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDescriptionException($"cannot write --journal {folder}: {Failures.Reason(error)}", error);
        }
    }

    /// <summary>A preset by its name, or a file.</summary>
    internal static FaultManifest Read(string name)
    {
        if (FaultPresets.Find(name) is { } preset)
        {
            return preset;
        }

        try
        {
            return FaultManifest.Read(File.ReadAllText(name), name);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDescriptionException(
                $"cannot read --chaos {name}: {Failures.Reason(error)}; it is a manifest, or one of {string.Join(", ", FaultPresets.Names)}", error);
        }
    }
}
