using System.CommandLine;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Client.Options;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    private const int MostThreads = 1024;

    internal static Option<bool> Json { get; } = new("--json") { Description = "JSON on standard output, everything else on the error stream." };

    internal static Option<long?> Threads { get; } = Values.Whole("--threads", "Compute threads; by default one a core. Never changes a result.");

    /// <exception cref="InvalidDescriptionException">none or too many.</exception>
    internal static int ThreadsOf(ParseResult result) => result.GetValue(Threads) switch
    {
        null => Environment.ProcessorCount,
        >= 1 and <= MostThreads and long threads => (int)threads,
        long threads => throw new InvalidDescriptionException($"--threads is {threads}; it must be between 1 and {MostThreads}"),
    };
}
