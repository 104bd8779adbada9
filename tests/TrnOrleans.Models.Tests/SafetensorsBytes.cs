using System.Buffers.Binary;
using System.Text;
using TrnOrleans.Models.Weights;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

/// <summary>Safetensors files made by hand, right and wrong.</summary>
internal static class SafetensorsBytes
{
    internal const string TwoTensors =
        """{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}}""";

    internal static byte[] Make(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    internal static byte[] Make(string header, int dataLength) => Make(header, new byte[dataLength]);

    /// <summary>The sentence with which a file is refused.</summary>
    internal static string Refusal(byte[] content)
    {
        using TempFolder folder = new();
        string path = folder.File("weights.safetensors", content);
        string message = Sentences.RefusedWeights(() => new SafetensorsReader(path).Dispose());
        Assert.Contains("weights.safetensors", message, StringComparison.Ordinal);
        return message;
    }
}
