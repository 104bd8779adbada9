using System.Text.Json.Serialization;
using TrnOrleans.Numerics.Attention;

namespace TrnOrleans.Models.Descriptions;

/// <summary>
/// A network as data: everything that decides its operations and the shapes of its weights, and nothing else. The same description is
/// executed by the kernels and costed by the hardware model.
/// </summary>
public sealed record NetworkDescription
{
    /// <summary>Which family the sizes below belong to.</summary>
    public NetworkFamily Family { get; init; }

    /// <summary>Transformer blocks.</summary>
    public int Layers { get; init; }

    /// <summary>Query heads.</summary>
    public int Heads { get; init; }

    /// <summary>Key and value heads; divides Heads. Equal to Heads for gpt.</summary>
    public int KeyValueHeads { get; init; }

    /// <summary>Floats in a row of the residual stream.</summary>
    public int Width { get; init; }

    /// <summary>Floats in a head.</summary>
    public int HeadWidth { get; init; }

    /// <summary>Floats in the feed-forward layer.</summary>
    public int Hidden { get; init; }

    /// <summary>Positions; the longest sequence.</summary>
    public int Context { get; init; }

    /// <summary>Tokens; 0 until the data has been read.</summary>
    public int Vocabulary { get; init; }

    /// <summary>Sizes of an mlp from input to output, such as 784, 128, 10. Empty for the others.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [];

    /// <summary>Whether the output layer is the token embedding (transformers).</summary>
    public bool Tied { get; init; }

    /// <summary>Added under the root of a normalisation.</summary>
    public float NormEpsilon { get; init; } = 1e-5f;

    /// <summary>Base of the rotary frequencies (llama).</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Stretching of the rotary wavelengths (llama 3.1), or null.</summary>
    public RotaryScaling? RopeScaling { get; init; }

    /// <summary>Share of elements dropped after the embedding and each residual branch (gpt, llama) or hidden layer (mlp) in training.</summary>
    public float Dropout { get; init; }

    /// <summary>Standard deviation of fresh weights of a transformer; residual projections get it divided by √(2 · layers).</summary>
    public double InitializerRange { get; init; } = 0.02;

    /// <summary>Whether the network reads tokens.</summary>
    [JsonIgnore]
    public bool IsLanguageModel => Family != NetworkFamily.Mlp;

    /// <summary>Rows that a sample becomes inside: the context of a transformer, one for an mlp.</summary>
    [JsonIgnore]
    public int RowsPerSample => IsLanguageModel ? Context : 1;
}
