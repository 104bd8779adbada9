using System.Globalization;
using System.Text;
using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

/// <summary>Files that other programs wrote: other names, other types, more or fewer tensors.</summary>
public class ForeignWeightFileTests
{
    private sealed record Stored(string Name, string Type, string Shape, byte[] Bytes);

    [Fact]
    public void Names_without_the_prefix_load()
    {
        Network network = Tiny.Network("gpt");
        using AlignedBuffer weights = Tiny.Weights(network);
        Stored[] tensors = [.. Tensors(network, weights).Select(t => t with { Name = t.Name["transformer.".Length..] })];
        Assert.Contains(tensors, t => t.Name == "wte.weight");
        using AlignedBuffer loaded = Loaded(network, tensors);
        Assert.Equal(weights.Span().ToArray(), loaded.Span().ToArray());
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Half_precision_loads(string type)
    {
        Network network = Tiny.Network("llama");
        using AlignedBuffer weights = Tiny.Weights(network);
        foreach (ref float value in weights.Span())
        {
            // Values that both types hold exactly.
            value = MathF.Round(value * 64) / 64;
        }

        Stored[] tensors = [.. Tensors(network, weights).Select(t => t with { Type = type, Bytes = Halved(t.Bytes, type) })];
        using AlignedBuffer loaded = Loaded(network, tensors);
        Assert.Equal(weights.Span().ToArray(), loaded.Span().ToArray());
    }

    [Theory]
    [InlineData("gpt", "lm_head.weight")]
    [InlineData("tied llama", "lm_head.weight")]
    [InlineData("gpt", "transformer.h.0.attn.bias")]
    [InlineData("llama", "model.layers.0.self_attn.rotary_emb.inv_freq")]
    public void Tensors_with_nothing_of_their_own_are_ignored(string name, string extra)
    {
        Network network = Tiny.Network(name);
        using AlignedBuffer weights = Tiny.Weights(network);
        using AlignedBuffer loaded = Loaded(network, [.. Tensors(network, weights), new Stored(extra, "F32", "[2]", new byte[8])]);
        Assert.Equal(weights.Span().ToArray(), loaded.Span().ToArray());
    }

    [Fact]
    public void A_missing_an_extra_a_misshapen_and_an_integer_tensor_are_named()
    {
        Network network = Tiny.Network("llama");
        using AlignedBuffer weights = Tiny.Weights(network);
        Stored[] tensors = Tensors(network, weights);
        const string Name = "model.layers.1.self_attn.k_proj.weight";
        Stored chosen = tensors.Single(t => t.Name == Name);
        Assert.Contains($"no tensor {Name}", Refusal(network, [.. tensors.Where(t => t != chosen)]), StringComparison.Ordinal);
        Assert.Contains("a tensor model.extra", Refusal(network, [.. tensors, chosen with { Name = "model.extra" }]), StringComparison.Ordinal);
        Stored flat = chosen with { Shape = "[256]" };
        Assert.Contains($"{Name} is [256], and the network needs [16 × 16]", Refusal(network, [.. tensors.Select(t => t == chosen ? flat : t)]), StringComparison.Ordinal);
        Stored whole = chosen with { Type = "I64", Bytes = new byte[8 * 256] };
        Assert.Contains($"{Name} is I64", Refusal(network, [.. tensors.Select(t => t == chosen ? whole : t)]), StringComparison.Ordinal);
    }

    [Fact]
    public void An_untied_head_is_not_ignored()
    {
        Network network = Tiny.Network("llama");
        using AlignedBuffer weights = Tiny.Weights(network);
        Assert.Contains("lm_head.weight", Refusal(network, [.. Tensors(network, weights).Where(t => t.Name != "lm_head.weight")]), StringComparison.Ordinal);
    }

    private static string Refusal(Network network, Stored[] tensors) => Sentences.RefusedWeights(() => Loaded(network, tensors).Dispose());

    private static AlignedBuffer Loaded(Network network, Stored[] tensors)
    {
        using TempFolder folder = new();
        StringBuilder header = new("{");
        int position = 0;
        foreach (Stored t in tensors)
        {
            int end = position + t.Bytes.Length;
            header.Append(CultureInfo.InvariantCulture, $"{(position == 0 ? "" : ",")}\"{t.Name}\":{{\"dtype\":\"{t.Type}\",\"shape\":{t.Shape},\"data_offsets\":[{position},{end}]}}");
            position = end;
        }

        string path = folder.File("w", SafetensorsBytes.Make(header.Append('}').ToString(), [.. tensors.SelectMany(t => t.Bytes)]));
        AlignedBuffer loaded = new(network.Layout.Length);
        WeightFileTests.Load(path, network, loaded);
        return loaded;
    }

    /// <summary>The tensors of a file, laid out here a second time.</summary>
    private static Stored[] Tensors(Network network, AlignedBuffer weights) =>
    [
        .. network.Bindings.Select(b =>
        {
            float[] rows = weights.Span(b.Offset, b.Length).ToArray();
            int columns = b.Parameter.Columns;
            float[] file = b.Transposed ? [.. Enumerable.Range(0, rows.Length).Select(i => rows[(i % b.Rows * columns) + (i / b.Rows)])] : rows;
            return new Stored(b.FileName, "F32", $"[{string.Join(',', b.Shape)}]", [.. file.SelectMany(BitConverter.GetBytes)]);
        }),
    ];

    private static byte[] Halved(byte[] floats, string type) =>
    [
        .. floats.Chunk(4).SelectMany(c => BitConverter.GetBytes(
            type == "F16" ? BitConverter.HalfToUInt16Bits((Half)BitConverter.ToSingle(c)) : (ushort)(BitConverter.SingleToUInt32Bits(BitConverter.ToSingle(c)) >> 16))),
    ];
}
