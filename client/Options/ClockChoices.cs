using System.CommandLine;
using TrnOrleans.Client.Running;
using TrnOrleans.Hardware.Machines;

namespace TrnOrleans.Client.Options;

/// <summary>What is modelled beside a run, and where its timeline goes; nothing of it reaches the run.</summary>
/// <param name="System">Name in the catalogue.</param>
/// <param name="Trace">A file, or null.</param>
internal sealed record ClockChoices(string System, string? Trace)
{
    internal static Option<string?> TraceFile { get; } = Values.Text(
        "--trace", "FILE", "Write the modelled timeline there: compute, collectives and waits of every chip, for Perfetto or chrome://tracing.");

    private static Option<string?> SystemName { get; } = Values.Text(
        "--system", "NAME", $"Machine whose time, energy and MFU are modelled beside the run, by default {Catalogue.LargestUltraServer.Name}; `trn systems` lists them. Never changes a result.");

    internal static void AddTo(Command command)
    {
        AddSystemTo(command);
        command.Options.Add(TraceFile);
    }

    /// <summary>For a command that keeps no timeline.</summary>
    internal static void AddSystemTo(Command command) => command.Options.Add(SystemName);

    /// <exception cref="Models.Descriptions.InvalidDescriptionException">no such system, or the file cannot be written.</exception>
    internal static ClockChoices Of(ParseResult result)
    {
        RunSession.CheckWritable(TraceFile.Name, result.GetValue(TraceFile));
        return new ClockChoices(SystemOf(result), result.GetValue(TraceFile));
    }

    /// <summary>Name of the machine.</summary>
    /// <exception cref="Models.Descriptions.InvalidDescriptionException">no such system.</exception>
    internal static string SystemOf(ParseResult result)
    {
        string system = result.GetValue(SystemName) ?? Catalogue.LargestUltraServer.Name;
        Catalogue.BuiltIn.System(system);
        return system;
    }
}
