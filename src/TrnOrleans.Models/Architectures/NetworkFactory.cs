using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;

namespace TrnOrleans.Models.Architectures;

/// <summary>Makes a network from its description.</summary>
public static class NetworkFactory
{
    /// <summary>Lays out operations, parameters and file names; allocates no weights.</summary>
    /// <param name="description">Its sizes.</param>
    /// <param name="precision">Formats that it computes in; FP32 when null.</param>
    /// <exception cref="InvalidDescriptionException">the description cannot be, or its vocabulary is not known yet.</exception>
    public static Network Create(NetworkDescription description, NetworkPrecision? precision = null)
    {
        precision ??= NetworkPrecision.Fp32;
        DescriptionCheck.Check(description);
        if (description.IsLanguageModel && description.Vocabulary == 0)
        {
            throw new InvalidDescriptionException("the vocabulary is not known: name a data set, or give --vocabulary");
        }

        return description.Family switch
        {
            NetworkFamily.Mlp => MlpArchitecture.Build(description, precision),
            NetworkFamily.Gpt => GptArchitecture.Build(description, precision),
            NetworkFamily.Llama => LlamaArchitecture.Build(description, precision),
            _ => throw new InvalidDescriptionException($"{description.Family} is not a family that can be executed"),
        };
    }
}
