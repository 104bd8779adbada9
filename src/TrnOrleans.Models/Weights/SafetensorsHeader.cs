using System.Text.Json;

namespace TrnOrleans.Models.Weights;

/// <summary>
/// Parses and checks the header of a safetensors file as strictly as the format's own library: known types, checked products, offsets
/// that cover the data without hole or overlap, no key twice.
/// </summary>
/// <remarks>https://github.com/huggingface/safetensors, README "Format"; the header limit of 100 MB is that library's.</remarks>
public static class SafetensorsHeader
{
    /// <summary>Largest header that is read.</summary>
    public const long LargestHeader = 100_000_000;

    private const string MetadataKey = "__metadata__";

    private static readonly Dictionary<string, int> s_bits = new(StringComparer.Ordinal)
    {
        ["F64"] = 64,
        ["F32"] = 32,
        ["F16"] = 16,
        ["BF16"] = 16,
        ["F8_E4M3"] = 8,
        ["F8_E5M2"] = 8,
        ["I64"] = 64,
        ["U64"] = 64,
        ["I32"] = 32,
        ["U32"] = 32,
        ["I16"] = 16,
        ["U16"] = 16,
        ["I8"] = 8,
        ["U8"] = 8,
        ["BOOL"] = 8,
    };

    /// <summary>Parses a header.</summary>
    /// <param name="header">The JSON, without its length.</param>
    /// <param name="dataLength">Bytes that follow it in the file.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="InvalidWeightsException">anything that the format forbids.</exception>
    public static (IReadOnlyDictionary<string, SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata) Parse(
        ReadOnlyMemory<byte> header, long dataLength, string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(header, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidWeightsException($"{path}: the header is not a JSON object");
            }

            Dictionary<string, SafetensorsEntry> entries = new(StringComparer.Ordinal);
            Dictionary<string, string> metadata = new(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name == MetadataKey)
                {
                    ReadMetadata(property.Value, metadata, path);
                }
                else
                {
                    entries.Add(property.Name, Entry(property, path));
                }
            }

            CheckCoverage(entries.Values, dataLength, path);
            return (entries, metadata);
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidWeightsException($"{path}: a string in the header is not Unicode text", error);
        }
        catch (JsonException error)
        {
            throw new InvalidWeightsException(
                error.Message.Contains("uplicate", StringComparison.Ordinal) ? $"{path}: a key stands twice in the header" : $"{path}: the header is not JSON", error);
        }
    }

    private static void ReadMetadata(JsonElement element, Dictionary<string, string> metadata, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidWeightsException($"{path}: {MetadataKey} is not an object");
        }

        foreach (JsonProperty property in element.EnumerateObject())
        {
            metadata.Add(
                property.Name,
                property.Value.ValueKind == JsonValueKind.String
                    ? property.Value.GetString()!
                    : throw new InvalidWeightsException($"{path}: {MetadataKey} holds {property.Name}, which is not a string"));
        }
    }

    private static SafetensorsEntry Entry(JsonProperty property, string path)
    {
        string name = property.Name;
        if (property.Value.ValueKind != JsonValueKind.Object
            || property.Value.EnumerateObject().Count() != 3
            || !property.Value.TryGetProperty("dtype", out JsonElement type) || type.ValueKind != JsonValueKind.String
            || !property.Value.TryGetProperty("shape", out JsonElement shape) || shape.ValueKind != JsonValueKind.Array
            || !property.Value.TryGetProperty("data_offsets", out JsonElement offsets) || offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != 2)
        {
            throw new InvalidWeightsException($"{path}: tensor {name} must have dtype, shape and two data_offsets, and nothing else");
        }

        if (!s_bits.TryGetValue(type.GetString()!, out int bits))
        {
            throw new InvalidWeightsException($"{path}: tensor {name} has the unknown dtype {type.GetString()}");
        }

        long[] sizes = [.. shape.EnumerateArray().Select(e => Natural(e, name, path))];
        long begin = Natural(offsets[0], name, path);
        long end = Natural(offsets[1], name, path);
        long bytes;
        try
        {
            bytes = sizes.Aggregate(1L, (product, size) => checked(product * size));
            bytes = checked(bytes * bits) / 8;
        }
        catch (OverflowException error)
        {
            throw new InvalidWeightsException($"{path}: the shape of tensor {name} overflows", error);
        }

        return begin <= end && end - begin == bytes
            ? new SafetensorsEntry(name, type.GetString()!, sizes, begin, end)
            : throw new InvalidWeightsException($"{path}: tensor {name} needs {bytes} bytes by its shape, and its offsets span {end - begin}");
    }

    private static long Natural(JsonElement element, string name, string path) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long value) && value >= 0
            ? value
            : throw new InvalidWeightsException($"{path}: tensor {name} has a size or offset that is not a natural number");

    private static void CheckCoverage(IEnumerable<SafetensorsEntry> entries, long dataLength, string path)
    {
        long position = 0;
        foreach (SafetensorsEntry entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (entry.Begin != position)
            {
                string what = entry.Begin < position ? "overlaps the tensor before it" : "leaves a hole before it";
                throw new InvalidWeightsException($"{path}: tensor {entry.Name} {what}");
            }

            position = entry.End;
        }

        if (position != dataLength)
        {
            throw new InvalidWeightsException($"{path}: the tensors cover {position} bytes, and the file holds {dataLength}; it is cut short or damaged");
        }
    }
}
