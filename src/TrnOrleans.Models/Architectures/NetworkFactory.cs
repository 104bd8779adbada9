using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;

namespace TrnOrleans.Models.Architectures;

/// <summary>Makes a network from its description.</summary>
public static class NetworkFactory
{
    /// <summary>Lays out operations, parameters and file names; allocates no weights.</summary>
    /// <exception cref="InvalidDescriptionException">the description cannot be, or its vocabulary is not known yet.</exception>
    public static Network Create(NetworkDescription description)
    {
        DescriptionCheck.Check(description);
        if (description.IsLanguageModel && description.Vocabulary == 0)
        {
            throw new InvalidDescriptionException("the vocabulary is not known: name a data set, or give --vocabulary");
        }

        return description.Family switch
        {
            NetworkFamily.Mlp => MlpArchitecture.Build(description),
            NetworkFamily.Gpt => GptArchitecture.Build(description),
            NetworkFamily.Llama => LlamaArchitecture.Build(description),
            _ => throw new InvalidDescriptionException($"{description.Family} is not a family that can be executed"),
        };
    }
}
