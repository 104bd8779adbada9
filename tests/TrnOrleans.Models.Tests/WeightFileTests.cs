using System.Runtime.InteropServices;
using System.Text;
using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Text;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Tests;

namespace TrnOrleans.Models.Tests;

public class WeightFileTests
{
    [Theory]
    [InlineData("gpt")]
    [InlineData("llama")]
    [InlineData("tied llama")]
    [InlineData("mlp")]
    public async Task What_is_saved_comes_back_bit_for_bit(string name)
    {
        using TempFolder folder = new();
        Network network = Tiny.Network(name);
        using AlignedBuffer weights = Tiny.Weights(network);
        string path = await SaveAsync(folder, network, weights);
        using AlignedBuffer loaded = new(network.Layout.Length);
        Load(path, network, loaded);
        Assert.True(MemoryMarshal.AsBytes(weights.Span()).SequenceEqual(MemoryMarshal.AsBytes(loaded.Span())));
        Assert.Equal(["w.safetensors"], folder.Names);
    }

    [Fact]
    public async Task Gpt_matrices_lie_in_by_out_in_the_file()
    {
        using TempFolder folder = new();
        Network network = Tiny.Network("gpt");
        using AlignedBuffer weights = Tiny.Weights(network);
        using SafetensorsReader reader = new(await SaveAsync(folder, network, weights));
        SafetensorsEntry entry = reader.Entries["transformer.h.1.mlp.c_fc.weight"];
        Assert.Equal([16L, 64L], entry.Shape);
        float[] file = new float[16 * 64];
        reader.Read(entry, file);
        Parameter parameter = network.Layout.Parameters.Single(p => p.Name == "layers.1.feedforward.up.weight");
        Assert.Equal((64, 16), (parameter.Rows, parameter.Columns));

        // Output 50, input 3.
        Assert.Equal(weights.Span(parameter.Offset, parameter.Length)[(50 * 16) + 3], file[(3 * 64) + 50]);
    }

    [Fact]
    public async Task Llama_has_hugging_faces_names_with_queries_keys_and_values_apart()
    {
        using TempFolder folder = new();
        Network network = Tiny.Network("llama");
        using AlignedBuffer weights = Tiny.Weights(network);
        using SafetensorsReader reader = new(await SaveAsync(folder, network, weights));
        string[] layer = ["input_layernorm", "mlp.down_proj", "mlp.gate_proj", "mlp.up_proj", "post_attention_layernorm", "self_attn.k_proj", "self_attn.o_proj", "self_attn.q_proj", "self_attn.v_proj"];
        string[] expected = [
            "lm_head.weight", "model.embed_tokens.weight",
            .. layer.Select(n => $"model.layers.0.{n}.weight"), .. layer.Select(n => $"model.layers.1.{n}.weight"), "model.norm.weight"];
        Assert.Equal(expected, reader.Entries.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([32L, 16L], reader.Entries["model.layers.0.self_attn.q_proj.weight"].Shape);
        Assert.Equal([16L, 16L], reader.Entries["model.layers.0.self_attn.k_proj.weight"].Shape);

        // Rows of the stacked matrix: 32 of queries, 16 of keys, then values.
        Parameter stacked = network.Layout.Parameters.Single(p => p.Name == "layers.0.attention.qkv.weight");
        float[] values = new float[16 * 16];
        reader.Read(reader.Entries["model.layers.0.self_attn.v_proj.weight"], values);
        Assert.Equal(weights.Span(stacked.Offset + (48 * 16), 16 * 16).ToArray(), values);
    }

    [Fact]
    public async Task Network_and_vocabulary_come_back_from_the_metadata()
    {
        using TempFolder folder = new();
        NetworkDescription description = Tiny.Gpt with { Vocabulary = 4, Dropout = 0.25f };
        Network network = NetworkFactory.Create(description);
        using AlignedBuffer weights = Tiny.Weights(network);
        CharacterVocabulary vocabulary = CharacterVocabulary.FromText("\n\"é😀");
        using SafetensorsReader reader = new(await SaveAsync(folder, network, weights, vocabulary));
        Assert.Equal("pt", reader.Metadata["format"]);
        NetworkDescription read = WeightMetadata.Description(reader.Metadata, "w")!;
        Assert.Equal(description with { Sizes = [] }, read with { Sizes = description.Sizes });
        Assert.True(vocabulary.SameAs(WeightMetadata.Vocabulary(reader.Metadata, "w")!));
    }

    [Theory]
    [InlineData("""{"family":"gpt","heads":2,"sizes":null}""")]
    [InlineData("""{"family":"gpt","widht":2}""")]
    [InlineData("""{"family":"gpt"}""")]
    [InlineData("null")]
    [InlineData("oops")]
    public void Damaged_metadata_is_refused(string json) => Sentences.Refused(() =>
        WeightMetadata.Description(new Dictionary<string, string> { ["trnorleans.model"] = json }, "w"));

    [Theory]
    [InlineData("""["b","a"]""")]
    [InlineData("""["a","a"]""")]
    [InlineData("""["ab"]""")]
    [InlineData("""[""]""")]
    [InlineData("""[null]""")]
    [InlineData("5")]
    public void A_damaged_vocabulary_is_refused(string json) => Sentences.Refused(() =>
        WeightMetadata.Vocabulary(new Dictionary<string, string> { ["trnorleans.vocabulary"] = json }, "w"));

    internal static async Task<string> SaveAsync(TempFolder folder, Network network, AlignedBuffer weights, CharacterVocabulary? vocabulary = null)
    {
        string path = folder.At("w.safetensors");
        Dictionary<string, string> metadata = WeightMetadata.Create(network.Description, vocabulary);
        await AtomicFile.WriteAsync(path, stream => WeightFile.WriteAsync(stream, network, metadata, (offset, target) =>
        {
            weights.Span(offset, target.Length).CopyTo(target.Span);
            return Task.CompletedTask;
        }));
        return path;
    }

    internal static void Load(string path, Network network, AlignedBuffer weights)
    {
        using SafetensorsReader reader = new(path);
        WeightFile.Load(reader, path, network, weights);
    }

    internal static string Unprefixed(string header) => header.Replace("transformer.", string.Empty, StringComparison.Ordinal);

    internal static string HeaderOf(byte[] file) => Encoding.UTF8.GetString(file.AsSpan(8, (int)BitConverter.ToInt64(file)));

    internal static byte[] DataOf(byte[] file) => file[(8 + (int)BitConverter.ToInt64(file))..];
}
