using System.CommandLine;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Client.Options;

/// <summary>How often a run says what its number formats do to its tensors.</summary>
internal static class NumericsChoices
{
    private static Option<long?> Every { get; } = Values.Whole(
        "--numerics-every", "Steps between two in which the first chip says what share of each tensor saturates and is flushed to zero, its largest number and its signal-to-noise ratio: all with --json, the worst of the last on screen. Never changes a result.");

    internal static void AddTo(Command command) => command.Options.Add(Every);

    /// <exception cref="InvalidDescriptionException">below 1.</exception>
    internal static long Of(ParseResult result) => result.GetValue(Every) switch
    {
        null => 0,
        >= 1 and { } every => every,
        { } every => throw new InvalidDescriptionException($"--numerics-every is {every}; it must be at least 1, and without it nothing is watched"),
    };
}
