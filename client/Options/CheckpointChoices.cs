using System.CommandLine;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Client.Options;

/// <summary>Where and when a run's state is saved.</summary>
internal static class CheckpointChoices
{
    internal static Option<string?> Folder { get; } = Values.Text(
        "--checkpoint-dir", "DIR", "Keep checkpoints there; `trn resume DIR` goes on from the newest. On a cluster, a folder below the silos' --checkpoints.");

    internal static Option<long?> Every { get; } = Values.Whole("--checkpoint-every", $"Steps between checkpoints; by default {CheckpointOptions.DefaultEvery}. One more is taken at the end.");

    internal static Option<long?> Keep { get; } = Values.Whole("--keep", $"How many of the newest checkpoints stay; by default {CheckpointOptions.DefaultKeep}.");

    internal static void AddTo(Command command)
    {
        command.Options.Add(Folder);
        AddRhythmTo(command);
    }

    /// <summary>For a run whose folder is known.</summary>
    internal static void AddRhythmTo(Command command)
    {
        command.Options.Add(Every);
        command.Options.Add(Keep);
    }

    /// <summary>What was asked for; null when no checkpoints are.</summary>
    /// <exception cref="InvalidDescriptionException">a number that cannot be, or no folder.</exception>
    internal static CheckpointOptions? Of(ParseResult result)
    {
        if (result.GetValue(Folder) is { } folder)
        {
            return With(result, new CheckpointOptions(Place(result, folder), CheckpointOptions.DefaultEvery, CheckpointOptions.DefaultKeep));
        }

        return result.GetValue(Every) is null && result.GetValue(Keep) is null
            ? null
            : throw new InvalidDescriptionException("--checkpoint-every and --keep need --checkpoint-dir DIR, the folder to keep checkpoints in");
    }

    /// <summary>The same with another rhythm, where one is given.</summary>
    /// <exception cref="InvalidDescriptionException">a number that cannot be.</exception>
    internal static CheckpointOptions With(ParseResult result, CheckpointOptions known) =>
        known with { Every = Positive(result, Every, long.MaxValue) ?? known.Every, Keep = (int)(Positive(result, Keep, int.MaxValue) ?? known.Keep) };

    /// <summary>A path as whoever will use it understands it: this process, or silos that look below a folder of theirs.</summary>
    internal static string Place(ParseResult result, string folder) => ClusterOptions.Of(result) is null ? Path.GetFullPath(folder) : folder;

    private static long? Positive(ParseResult result, Option<long?> option, long most) =>
        result.GetValue(option) is not { } value || (value >= 1 && value <= most)
            ? result.GetValue(option)
            : throw new InvalidDescriptionException($"{option.Name} is {value}; it must be between 1 and {most}");
}
