namespace TrnOrleans.Models.Descriptions;

/// <summary>Which shape of network a description means.</summary>
public enum NetworkFamily
{
    /// <summary>Linear layers with ReLU between them, for samples of fixed size.</summary>
    Mlp,

    /// <summary>GPT-2: learned positions, pre-LayerNorm, GELU (tanh), biases, output tied to the embedding.</summary>
    Gpt,

    /// <summary>Llama: RMSNorm, rotary positions, SwiGLU, grouped-query attention, no biases.</summary>
    Llama,
}
