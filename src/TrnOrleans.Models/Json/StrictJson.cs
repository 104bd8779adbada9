using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Models.Json;

/// <summary>JSON with snake_case names, in which an unknown or doubled key is an error that names the place and the nearest key.</summary>
public static class StrictJson
{
    /// <summary>Indented, enums as snake_case words, nulls left out: for people and files.</summary>
    public static JsonSerializerOptions Options { get; } = Create(indented: true);

    /// <summary>The same on one line: for messages, metadata and event streams.</summary>
    public static JsonSerializerOptions Compact { get; } = Create(indented: false);

    /// <summary>Reads a value.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <exception cref="InvalidDescriptionException">not JSON, an unknown key, or a value of another type; one sentence.</exception>
    public static T Read<T>(string json, string source)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false });
            CheckKeys(document.RootElement, Options.GetTypeInfo(typeof(T)), source, string.Empty);
            return document.RootElement.Deserialize<T>(Options) ?? throw new InvalidDescriptionException($"{source} holds nothing");
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidDescriptionException($"{source}: a string holds half a character", error);
        }
        catch (JsonException error)
        {
            string place = string.IsNullOrEmpty(error.Path) || error.Path == "$" ? string.Empty : $" at {error.Path.Replace("$.", string.Empty, StringComparison.Ordinal)}";
            string message = error.Message.Contains("doesn't allow", StringComparison.Ordinal) ? $"{source}{place}: null is not a value here; leave the key out"
                : error.InnerException is FormatException or InvalidOperationException || error.Message.StartsWith("The JSON value could not", StringComparison.Ordinal)
                ? $"{source}{place}: the value is not of the right type, or too large"
                : $"{source}{place}: {HuggingFaceConfig.FirstSentence(error.Message)}";
            throw new InvalidDescriptionException(message, error);
        }
    }

    private static JsonSerializerOptions Create(bool indented)
    {
        JsonSerializerOptions options = new()
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            NumberHandling = JsonNumberHandling.Strict,
            RespectNullableAnnotations = true,
            WriteIndented = indented,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
        };
        options.MakeReadOnly();
        return options;
    }

    private static void CheckKeys(JsonElement element, JsonTypeInfo type, string source, string place)
    {
        if (element.ValueKind != JsonValueKind.Object || type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            JsonPropertyInfo? known = type.Properties.FirstOrDefault(p => p.Name == property.Name);
            if (known is null)
            {
                string nearest = NearestWord.Of(property.Name, type.Properties.Select(p => p.Name));
                throw new InvalidDescriptionException($"{source} has an unknown key {place}{property.Name}; the nearest known key is {place}{nearest}");
            }

            Type target = Nullable.GetUnderlyingType(known.PropertyType) ?? known.PropertyType;
            if (target.IsEnum && property.Value.ValueKind == JsonValueKind.String)
            {
                // In the words that it is written in.
                string[] words = [.. Enum.GetValuesAsUnderlyingType(target).Cast<object>().Select(v => JsonSerializer.Serialize(Enum.ToObject(target, v), target, Options).Trim('"'))];
                string word = property.Value.GetString()!;
                if (!words.Contains(word, StringComparer.OrdinalIgnoreCase))
                {
                    throw new InvalidDescriptionException($"{source}: {place}{property.Name} takes {string.Join(" or ", words)}, not {word}");
                }
            }

            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                CheckKeys(property.Value, Options.GetTypeInfo(target), source, $"{place}{property.Name}.");
            }
            else if (property.Value.ValueKind == JsonValueKind.Array && Options.GetTypeInfo(target).ElementType is { } items)
            {
                foreach ((int index, JsonElement item) in property.Value.EnumerateArray().Index())
                {
                    CheckKeys(item, Options.GetTypeInfo(items), source, $"{place}{property.Name}[{index}].");
                }
            }
        }
    }
}
