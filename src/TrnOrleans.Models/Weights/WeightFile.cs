using System.Runtime.InteropServices;
using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Weights;

/// <summary>A network's weights to and from safetensors with Hugging Face's names.</summary>
public static class WeightFile
{
    private const string GptPrefix = "transformer.";

    /// <summary>Reads every tensor of the network.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="path">For messages.</param>
    /// <param name="network">What the tensors must fit.</param>
    /// <param name="weights">Layout.Length floats; the parameters are overwritten.</param>
    /// <exception cref="InvalidWeightsException">a tensor is missing, of another shape or type, or one too many.</exception>
    public static void Load(SafetensorsReader reader, string path, Network network, AlignedBuffer weights)
    {
        HashSet<string> used = [];
        foreach (TensorBinding binding in network.Bindings)
        {
            SafetensorsEntry entry = Find(reader, binding.FileName)
                ?? throw new InvalidWeightsException($"{path} has no tensor {binding.FileName}; it does not hold this network");
            used.Add(entry.Name);
            if (!entry.Shape.SequenceEqual(binding.Shape))
            {
                throw new InvalidWeightsException(
                    $"{path}: tensor {entry.Name} is {Text(entry.Shape)}, and the network needs {Text(binding.Shape)}; check --model, its sizes and the data");
            }

            float[] values = new float[binding.Length];
            reader.Read(entry, values);
            binding.FromFile(values, weights.Span(binding.Offset, binding.Length));
        }

        if (reader.Entries.Keys.FirstOrDefault(name => !used.Contains(name) && !IsDerived(name, network)) is { } extra)
        {
            throw new InvalidWeightsException($"{path} holds a tensor {extra} that the network does not have; check --model and its sizes");
        }
    }

    /// <summary>Writes every tensor of the network.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="network">Names and shapes.</param>
    /// <param name="metadata">Strings for the header.</param>
    /// <param name="read">Gives floats of the flat weights: offset, target.</param>
    public static async Task WriteAsync(
        Stream stream, Network network, IReadOnlyDictionary<string, string> metadata, Func<long, Memory<float>, Task> read)
    {
        await stream.WriteAsync(SafetensorsWriter.Header(network.Bindings.Select(b => (b.FileName, b.Shape)), metadata)).ConfigureAwait(false);
        foreach (TensorBinding binding in network.Bindings)
        {
            float[] rows = new float[binding.Length];
            await read(binding.Offset, rows).ConfigureAwait(false);
            float[] file = new float[binding.Length];
            binding.ToFile(rows, file);
            await stream.WriteAsync(MemoryMarshal.AsBytes(file.AsSpan()).ToArray()).ConfigureAwait(false);
        }
    }

    /// <summary>GPT-2's own files leave out the prefix.</summary>
    private static SafetensorsEntry? Find(SafetensorsReader reader, string name) =>
        reader.Entries.TryGetValue(name, out SafetensorsEntry? entry) ? entry
        : name.StartsWith(GptPrefix, StringComparison.Ordinal) && reader.Entries.TryGetValue(name[GptPrefix.Length..], out entry) ? entry
        : null;

    /// <summary>Tensors that some exporters write and that hold nothing of their own: causal masks, rotary frequencies, a tied output layer.</summary>
    private static bool IsDerived(string name, Network network) =>
        name.EndsWith(".attn.bias", StringComparison.Ordinal)
        || name.EndsWith(".attn.masked_bias", StringComparison.Ordinal)
        || name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || (name == "lm_head.weight" && network.Description.Tied);

    private static string Text(IReadOnlyList<long> shape) => $"[{string.Join(" × ", shape)}]";
}
