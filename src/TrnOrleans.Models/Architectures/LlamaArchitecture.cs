using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Operations;
using TrnOrleans.Models.Precision;
using TrnOrleans.Numerics.Attention;

namespace TrnOrleans.Models.Architectures;

/// <summary>
/// Llama (Touvron et al. 2023), with Hugging Face's names. Queries, keys and values are one matrix here and three in the file, and so are
/// gate and up: one product instead of three, and one gradient of their common input.
/// </summary>
internal static class LlamaArchitecture
{
    internal static Network Build(NetworkDescription d, NetworkPrecision precision)
    {
        NetworkBuilder builder = new();
        double deviation = d.InitializerRange;
        double residualDeviation = deviation / Math.Sqrt(2.0 * d.Layers);
        Parameter table = builder.Matrix("tokens.weight", d.Vocabulary, d.Width, deviation, "model.embed_tokens.weight");
        AttentionShape shape = new(0, d.Context, d.Heads, d.KeyValueHeads, d.HeadWidth);
        RotaryTable rotary = new(d.Context, d.HeadWidth, d.RopeTheta, d.RopeScaling);
        int queries = d.Heads * d.HeadWidth;
        int keys = d.KeyValueHeads * d.HeadWidth;

        Tensor x = builder.Add(new EmbeddingOperation("embedding", builder.Tensor("embedding", d.Width), table, positions: null, d.Tied));
        if (d.Dropout > 0)
        {
            x = builder.Add(new DropoutOperation(
                "embedding.dropout", x, builder.Tensor("embedding.dropout", d.Width), d.Dropout, builder.NextDropout));
        }

        for (int i = 0; i < d.Layers; i++)
        {
            string name = $"layers.{i}";
            string file = $"model.layers.{i}";
            Tensor normal = Norm(builder, $"{name}.norm1", x, d, $"{file}.input_layernorm.weight", accumulate: true);
            Tensor qkv = builder.Linear(
                $"{name}.attention.qkv", normal,
                builder.Stacked(
                    $"{name}.attention.qkv.weight", d.Width, deviation, ($"{file}.self_attn.q_proj.weight", queries),
                    ($"{file}.self_attn.k_proj.weight", keys), ($"{file}.self_attn.v_proj.weight", keys)),
                bias: null);
            Tensor attention = builder.Add(new AttentionOperation(
                $"{name}.attention", qkv, builder.Tensor($"{name}.attention", queries), builder.Tensor($"{name}.attention.statistics", 2 * d.Heads),
                shape, rotary, precision.Attention));
            x = builder.Linear(
                $"{name}.attention.output", attention,
                builder.Matrix($"{name}.attention.output.weight", d.Width, queries, residualDeviation, $"{file}.self_attn.o_proj.weight"),
                bias: null, residual: x, d.Dropout);

            normal = Norm(builder, $"{name}.norm2", x, d, $"{file}.post_attention_layernorm.weight", accumulate: true);
            Tensor gateAndUp = builder.Linear(
                $"{name}.feedforward.up", normal,
                builder.Stacked(
                    $"{name}.feedforward.up.weight", d.Width, deviation, ($"{file}.mlp.gate_proj.weight", d.Hidden), ($"{file}.mlp.up_proj.weight", d.Hidden)),
                bias: null);
            Tensor activated = builder.Add(new SwiGluOperation(
                $"{name}.feedforward.swiglu", gateAndUp, builder.Tensor($"{name}.feedforward.swiglu", d.Hidden)));
            x = builder.Linear(
                $"{name}.feedforward.down", activated,
                builder.Matrix($"{name}.feedforward.down.weight", d.Width, d.Hidden, residualDeviation, $"{file}.mlp.down_proj.weight"),
                bias: null, residual: x, d.Dropout);
        }

        x = Norm(builder, "norm", x, d, "model.norm.weight", accumulate: false);
        Parameter head = d.Tied ? table : builder.Matrix("output.weight", d.Vocabulary, d.Width, deviation, "lm_head.weight");
        return new Network(d, builder, builder.Linear("output", x, head, bias: null), precision);
    }

    private static Tensor Norm(NetworkBuilder builder, string name, Tensor input, NetworkDescription d, string file, bool accumulate) =>
        builder.Add(new RmsNormOperation(
            name, input, builder.Tensor(name, d.Width), builder.Tensor($"{name}.scales", 1), builder.Vector($"{name}.weight", d.Width, file, mean: 1),
            d.NormEpsilon, accumulate));
}
