using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Planning;

/// <summary>Networks too large to be executed here, by name, as their publishers describe them.</summary>
public static class PlanModels
{
    /// <summary>All, and those that can be executed.</summary>
    public static IReadOnlyDictionary<string, NetworkDescription> All { get; } = new Dictionary<string, NetworkDescription>(
        Presets.All.Where(p => p.Value.IsLanguageModel), StringComparer.Ordinal)
    {
        ["llama2-7b"] = Llama(4096, 32, 32, 32, 11008, 32000, 4096),
        ["llama2-13b"] = Llama(5120, 40, 40, 40, 13824, 32000, 4096),
        ["llama2-70b"] = Llama(8192, 80, 64, 8, 28672, 32000, 4096),
        ["llama3-8b"] = Llama(4096, 32, 32, 8, 14336, 128256, 8192),
        ["llama3-70b"] = Llama(8192, 80, 64, 8, 28672, 128256, 8192),
        ["llama3-405b"] = Llama(16384, 126, 128, 8, 53248, 128256, 8192),
        ["gpt3-6.7b"] = Gpt(4096, 32, 32, 2048, 50257),
        ["gpt3-23b"] = Gpt(8192, 28, 64, 2048, 50257),
        ["gpt3-175b"] = Gpt(12288, 96, 96, 2048, 50257),
    };

    /// <summary>A GPT with its vocabulary.</summary>
    internal static NetworkDescription Gpt(int width, int layers, int heads, int context, int vocabulary) => Presets.Gpt(layers, heads, width, context) with { Vocabulary = vocabulary };

    private static NetworkDescription Llama(int width, int layers, int heads, int keyHeads, int hidden, int vocabulary, int context) => new()
    {
        Family = NetworkFamily.Llama,
        Layers = layers,
        Width = width,
        Heads = heads,
        KeyValueHeads = keyHeads,
        HeadWidth = width / heads,
        Hidden = hidden,
        Context = context,
        Vocabulary = vocabulary,
    };
}
