namespace TrnOrleans.Grains.Contracts;

/// <summary>What a run may be called: its name is part of grains' keys and of files' names.</summary>
public static class RunName
{
    /// <summary>Most characters of a name.</summary>
    public const int MostCharacters = 64;

    /// <summary>Whether a text can be the name of a run: letters, digits, dashes, dots, and nothing that leads elsewhere.</summary>
    public static bool IsValid(string text) =>
        text.Length is > 0 and <= MostCharacters && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
