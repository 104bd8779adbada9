using System.Buffers.Binary;
using System.Text.Json;

namespace TrnOrleans.Models.Weights;

/// <summary>Writes safetensors: the header first, padded with spaces to a multiple of eight, then each tensor's bytes in the order announced.</summary>
public static class SafetensorsWriter
{
    /// <summary>The bytes before the data, for F32 tensors that follow one another in this order.</summary>
    /// <exception cref="InvalidWeightsException">a header that no reader would take.</exception>
    public static byte[] Header(IEnumerable<(string Name, IReadOnlyList<long> Shape)> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            foreach ((string key, string value) in metadata.OrderBy(m => m.Key, StringComparer.Ordinal))
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            long position = 0;
            foreach ((string name, IReadOnlyList<long> shape) in tensors)
            {
                long end = position + (shape.Aggregate(1L, (product, size) => checked(product * size)) * sizeof(float));
                json.WriteStartObject(name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (long size in shape)
                {
                    json.WriteNumberValue(size);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(position);
                json.WriteNumberValue(end);
                json.WriteEndArray();
                json.WriteEndObject();
                position = end;
            }

            json.WriteEndObject();
        }

        int length = (int)(stream.Length + 7) / 8 * 8;
        if (length > SafetensorsHeader.LargestHeader)
        {
            throw new InvalidWeightsException($"a header of {length} bytes is more than any reader takes");
        }

        byte[] bytes = new byte[8 + length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)length);
        stream.GetBuffer().AsSpan(0, (int)stream.Length).CopyTo(bytes.AsSpan(8));
        bytes.AsSpan(8 + (int)stream.Length).Fill((byte)' ');
        return bytes;
    }
}
