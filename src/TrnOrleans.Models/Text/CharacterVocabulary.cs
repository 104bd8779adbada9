using System.Text;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Models.Text;

/// <summary>Characters as tokens: the Unicode characters of a text, sorted by code, numbered from 0.</summary>
public sealed class CharacterVocabulary
{
    private readonly Rune[] _characters;
    private readonly Dictionary<int, int> _tokens;

    private CharacterVocabulary(Rune[] characters)
    {
        _characters = characters;
        _tokens = characters.Index().ToDictionary(c => c.Item.Value, c => c.Index);
    }

    /// <summary>Number of tokens.</summary>
    public int Count => _characters.Length;

    /// <summary>Each token's character, in order.</summary>
    public IReadOnlyList<string> Characters => [.. _characters.Select(c => c.ToString())];

    /// <summary>The characters that occur in a text.</summary>
    public static CharacterVocabulary FromText(string text) =>
        new([.. text.EnumerateRunes().Select(r => r.Value).Distinct().Order().Select(v => new Rune(v))]);

    /// <summary>Characters as kept with weights.</summary>
    /// <exception cref="InvalidDescriptionException">an entry is no single character, or they are not in ascending order.</exception>
    public static CharacterVocabulary FromCharacters(IReadOnlyList<string> characters, string source)
    {
        List<Rune> runes = [];
        foreach (string character in characters)
        {
            Rune[] one = [.. (character ?? string.Empty).EnumerateRunes()];
            if (one.Length != 1 || (runes.Count > 0 && one[0].Value <= runes[^1].Value))
            {
                throw new InvalidDescriptionException($"{source}: the vocabulary is not a list of single characters in ascending order");
            }

            runes.Add(one[0]);
        }

        return new([.. runes]);
    }

    /// <summary>Tokens of a text.</summary>
    /// <exception cref="InvalidDescriptionException">a character that is not in the vocabulary.</exception>
    public int[] Encode(string text)
    {
        List<int> tokens = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            tokens.Add(_tokens.TryGetValue(rune.Value, out int token)
                ? token
                : throw new InvalidDescriptionException($"the character {Show(rune)} is not in the vocabulary of {Count} characters that these weights were trained with"));
        }

        return [.. tokens];
    }

    /// <summary>The text of tokens.</summary>
    public string Decode(IEnumerable<int> tokens)
    {
        StringBuilder text = new();
        foreach (int token in tokens)
        {
            text.Append(_characters[token]);
        }

        return text.ToString();
    }

    /// <summary>Whether both number the same characters.</summary>
    public bool SameAs(CharacterVocabulary other) => _characters.AsSpan().SequenceEqual(other._characters);

    private static string Show(Rune rune) => Rune.IsControl(rune) ? $"U+{rune.Value:X4}" : $"'{rune}'";
}
