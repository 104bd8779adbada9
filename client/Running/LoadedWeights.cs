using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Text;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Client.Running;

/// <summary>A network read from a weight file, with the characters of its tokens where the file has them.</summary>
internal sealed class LoadedWeights : IDisposable
{
    private LoadedWeights(Network network, AlignedBuffer weights, CharacterVocabulary? vocabulary)
    {
        (Network, Weights, Vocabulary) = (network, weights, vocabulary);
    }

    internal Network Network { get; }

    internal AlignedBuffer Weights { get; }

    internal CharacterVocabulary? Vocabulary { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">A safetensors file.</param>
    /// <param name="model">A preset or a config.json, for a file that does not say which network it holds.</param>
    /// <param name="precision">A recipe to compute in; FP32 when null.</param>
    /// <exception cref="InvalidWeightsException">damaged, or another network.</exception>
    /// <exception cref="InvalidDescriptionException">nobody says which network it is.</exception>
    internal static LoadedWeights Read(string path, string? model, string? precision = null)
    {
        using SafetensorsReader reader = new(path);
        NetworkDescription description = model is not null ? SpecResolver.Described(model)
            : WeightMetadata.Description(reader.Metadata, path)
            ?? throw new InvalidDescriptionException($"{path} does not say which network it holds; name it with --model (a preset or a config.json)");
        CharacterVocabulary? vocabulary = WeightMetadata.Vocabulary(reader.Metadata, path);
        if (description is { IsLanguageModel: true, Vocabulary: 0 })
        {
            description = description with { Vocabulary = vocabulary?.Count ?? 0 };
        }

        Network network = NetworkFactory.Create(description, precision is null ? null : PrecisionRecipes.Resolve(new PrecisionSpec { Recipe = precision }));
        AlignedBuffer weights = new(network.Layout.Length);
        try
        {
            WeightFile.Load(reader, path, network, weights);
            return new LoadedWeights(network, weights, vocabulary);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    public void Dispose() => Weights.Dispose();
}
