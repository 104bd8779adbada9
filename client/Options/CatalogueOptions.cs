using System.CommandLine;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Client.Options;

/// <summary>Which machines are known.</summary>
internal static class CatalogueOptions
{
    internal static Option<string?> File { get; } = Values.Text("--catalogue", "FILE", "Chips, systems and stacks of your own (JSON), beside those that are known.");

    /// <exception cref="InvalidDescriptionException">the file cannot be read, or used.</exception>
    internal static Catalogue Of(ParseResult result)
    {
        if (result.GetValue(File) is not { } path)
        {
            return Catalogue.BuiltIn;
        }

        try
        {
            return Catalogue.BuiltIn.With(System.IO.File.ReadAllText(path), path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDescriptionException($"cannot read {path}: {Failures.Reason(error)}", error);
        }
    }
}
