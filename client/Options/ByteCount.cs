using System.Globalization;

namespace TrnOrleans.Client.Options;

/// <summary>Numbers of bytes as people write them.</summary>
internal static class ByteCount
{
    private static readonly string[] s_units = ["b", "k", "m", "g"];

    /// <summary>"4096", "4KB", "64MiB", "1g": powers of 1024, as the field's tools count; null for anything else.</summary>
    internal static long? Parse(string text)
    {
        string lower = text.ToLowerInvariant();
        string digits = lower.TrimEnd('b', 'i', 'k', 'm', 'g');
        string unit = lower[digits.Length..].Replace("i", string.Empty, StringComparison.Ordinal);
        unit = unit.Length > 1 ? unit.TrimEnd('b') : unit;
        int power = unit.Length == 0 ? 0 : Array.IndexOf(s_units, unit);
        return power >= 0 && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= long.MaxValue >> (10 * power)
            ? number << (10 * power)
            : null;
    }
}
