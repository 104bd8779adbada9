using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Models.Tests;

/// <summary>Networks small enough to differentiate by hand.</summary>
internal static class Tiny
{
    internal static NetworkDescription Gpt { get; } = new()
    {
        Family = NetworkFamily.Gpt,
        Layers = 2,
        Heads = 2,
        KeyValueHeads = 2,
        Width = 16,
        HeadWidth = 8,
        Hidden = 64,
        Context = 6,
        Vocabulary = 11,
        Tied = true,
        InitializerRange = 0.2,
    };

    /// <summary>Four query heads share two key heads; queries are wider than the residual stream.</summary>
    internal static NetworkDescription Llama { get; } = new()
    {
        Family = NetworkFamily.Llama,
        Layers = 2,
        Heads = 4,
        KeyValueHeads = 2,
        Width = 16,
        HeadWidth = 8,
        Hidden = 24,
        Context = 6,
        Vocabulary = 11,
        Tied = false,
        InitializerRange = 0.2,
    };

    internal static NetworkDescription Mlp { get; } = new() { Family = NetworkFamily.Mlp, Sizes = [5, 8, 8, 3] };

    internal static NetworkDescription Named(string name) => name switch
    {
        "gpt" => Gpt,
        "llama" => Llama,
        "tied llama" => Llama with { Tied = true },
        _ => Mlp,
    };

    /// <summary>Weights in which no bias is 0 and no norm is 1, so that each of them matters.</summary>
    internal static AlignedBuffer Weights(Network network, ulong seed = 7)
    {
        AlignedBuffer weights = new(network.Layout.Length);
        network.Initialize(weights, seed);
        CounterRandom random = new(seed, RandomUse.Sampling, 1);
        ulong index = 0;
        foreach (Parameter parameter in network.Layout.Parameters)
        {
            foreach (ref float value in weights.Span(parameter.Offset, parameter.Length))
            {
                value += (float)(0.1 * random.Normal(index++));
            }
        }

        return weights;
    }

    /// <summary>Fills samples first … with values that depend on their place only.</summary>
    internal static void Fill(SampleBuffer buffer, NetworkDescription description, int first, int samples)
    {
        int classes = description.IsLanguageModel ? description.Vocabulary : description.Sizes[^1];
        CounterRandom random = new(99, RandomUse.Sampling, 2);
        for (int i = 0; i < samples * buffer.RowsPerSample; i++)
        {
            ulong place = (ulong)((first * buffer.RowsPerSample) + i);
            buffer.Targets[i] = (int)random.Below(2 * place, classes);
            if (description.IsLanguageModel)
            {
                buffer.Tokens[i] = (int)random.Below((2 * place) + 1, classes);
            }
        }

        for (int i = 0; i < samples * buffer.FeatureWidth; i++)
        {
            buffer.Features[i] = (float)random.Normal(1_000_000 + (ulong)((first * buffer.FeatureWidth) + i));
        }
    }

    internal static Network Network(string name) => NetworkFactory.Create(Named(name));
}
