namespace TrnOrleans.Models.Json;

/// <summary>Finds what somebody probably meant.</summary>
public static class NearestWord
{
    /// <summary>The candidate with the fewest insertions, deletions and substitutions; the first of equals; empty when there is none.</summary>
    public static string Of(string word, IEnumerable<string> candidates) =>
        candidates.MinBy(candidate => Distance(word, candidate)) ?? string.Empty;

    /// <summary>Levenshtein's distance, ignoring case.</summary>
    public static int Distance(string a, string b)
    {
        int[] previous = [.. Enumerable.Range(0, b.Length + 1)];
        int[] current = new int[b.Length + 1];
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int substitution = previous[j - 1] + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                current[j] = Math.Min(substitution, Math.Min(previous[j], current[j - 1]) + 1);
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}
