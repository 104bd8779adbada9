using System.Text.Json;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;
using TrnOrleans.Models.Text;

namespace TrnOrleans.Models.Weights;

/// <summary>What we keep beside the weights: the network they belong to and the characters its tokens mean.</summary>
public static class WeightMetadata
{
    private const string ModelKey = "trnorleans.model";
    private const string VocabularyKey = "trnorleans.vocabulary";

    /// <summary>The strings for a header; "format": "pt" is what Hugging Face's loaders ask for.</summary>
    public static Dictionary<string, string> Create(NetworkDescription description, CharacterVocabulary? vocabulary)
    {
        Dictionary<string, string> metadata = new(StringComparer.Ordinal)
        {
            ["format"] = "pt",
            [ModelKey] = JsonSerializer.Serialize(description, StrictJson.Compact),
        };
        if (vocabulary is not null)
        {
            metadata[VocabularyKey] = JsonSerializer.Serialize(vocabulary.Characters, StrictJson.Compact);
        }

        return metadata;
    }

    /// <summary>The network, or null when the file was written elsewhere.</summary>
    /// <exception cref="InvalidDescriptionException">the description does not make sense.</exception>
    public static NetworkDescription? Description(IReadOnlyDictionary<string, string> metadata, string path)
    {
        if (!metadata.TryGetValue(ModelKey, out string? json))
        {
            return null;
        }

        NetworkDescription description = StrictJson.Read<NetworkDescription>(json, $"{path}, {ModelKey}");
        DescriptionCheck.Check(description);
        return description;
    }

    /// <summary>The characters, or null when the file holds none.</summary>
    /// <exception cref="InvalidDescriptionException">not a list of single characters in order.</exception>
    public static CharacterVocabulary? Vocabulary(IReadOnlyDictionary<string, string> metadata, string path) =>
        metadata.TryGetValue(VocabularyKey, out string? json)
            ? CharacterVocabulary.FromCharacters(StrictJson.Read<string[]>(json, $"{path}, {VocabularyKey}"), path)
            : null;
}
