using Spectre.Console;

namespace TrnOrleans.Client.Output;

/// <summary>Chooses how a run is shown.</summary>
internal static class RunViews
{
    /// <summary>JSON when asked for, live on a terminal, lines elsewhere.</summary>
    internal static IRunView Choose(bool json) =>
        json ? new JsonView(Console.Out)
        : AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected ? new LiveView(AnsiConsole.Console, TimeProvider.System)
        : new PlainView(Console.Out, TimeProvider.System);
}
