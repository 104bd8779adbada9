using System.Globalization;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Client.Running;

/// <summary>Names of runs.</summary>
internal static class RunIds
{
    /// <summary>A new one, such as "run-1123-164205-7f3a": people can say it, and a list of them is in order.</summary>
    internal static string New(TimeProvider time) =>
        $"run-{time.GetUtcNow().ToString("MMdd-HHmmss", CultureInfo.InvariantCulture)}-{Guid.NewGuid().ToString("N")[..4]}";

    /// <summary>What the user gave, or null.</summary>
    /// <exception cref="InvalidDescriptionException">characters that cannot be in a name.</exception>
    internal static string? Check(string? id) =>
        id is null || RunName.IsValid(id)
            ? id
            : throw new InvalidDescriptionException($"{id} cannot be the name of a run; take up to {RunName.MostCharacters} letters, digits, dashes, dots");
}
