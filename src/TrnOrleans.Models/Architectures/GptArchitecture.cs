using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Operations;
using TrnOrleans.Models.Precision;
using TrnOrleans.Numerics.Attention;

namespace TrnOrleans.Models.Architectures;

/// <summary>GPT-2 (Radford et al. 2019), with Hugging Face's names; its Conv1D weights lie in × out in the file.</summary>
internal static class GptArchitecture
{
    internal static Network Build(NetworkDescription d, NetworkPrecision precision)
    {
        NetworkBuilder builder = new();
        double deviation = d.InitializerRange;
        double residualDeviation = deviation / Math.Sqrt(2.0 * d.Layers);
        Parameter table = builder.Matrix("tokens.weight", d.Vocabulary, d.Width, deviation, "transformer.wte.weight");
        Parameter positions = builder.Matrix("positions.weight", d.Context, d.Width, deviation, "transformer.wpe.weight");
        AttentionShape shape = new(0, d.Context, d.Heads, d.Heads, d.HeadWidth);

        Tensor x = builder.Add(new EmbeddingOperation("embedding", builder.Tensor("embedding", d.Width), table, positions, tied: true));
        if (d.Dropout > 0)
        {
            x = builder.Add(new DropoutOperation(
                "embedding.dropout", x, builder.Tensor("embedding.dropout", d.Width), d.Dropout, builder.NextDropout));
        }

        for (int i = 0; i < d.Layers; i++)
        {
            string name = $"layers.{i}";
            string file = $"transformer.h.{i}";
            Tensor normal = Norm(builder, $"{name}.norm1", x, d, $"{file}.ln_1", accumulate: true);
            Tensor qkv = builder.Linear(
                $"{name}.attention.qkv", normal,
                builder.Matrix($"{name}.attention.qkv.weight", 3 * d.Width, d.Width, deviation, $"{file}.attn.c_attn.weight", transposedInFile: true),
                builder.Vector($"{name}.attention.qkv.bias", 3 * d.Width, $"{file}.attn.c_attn.bias"));
            Tensor attention = builder.Add(new AttentionOperation(
                $"{name}.attention", qkv, builder.Tensor($"{name}.attention", d.Width), builder.Tensor($"{name}.attention.statistics", 2 * d.Heads),
                shape, rotary: null, precision.Attention));
            x = builder.Linear(
                $"{name}.attention.output", attention,
                builder.Matrix($"{name}.attention.output.weight", d.Width, d.Width, residualDeviation, $"{file}.attn.c_proj.weight", transposedInFile: true),
                builder.Vector($"{name}.attention.output.bias", d.Width, $"{file}.attn.c_proj.bias"), residual: x, d.Dropout);

            normal = Norm(builder, $"{name}.norm2", x, d, $"{file}.ln_2", accumulate: true);
            FusedActivation gelu = FusedActivation.Gelu(
                builder.Tensor($"{name}.feedforward.up", d.Hidden), builder.Tensor($"{name}.feedforward.gelu", d.Hidden));
            Tensor activated = builder.Add(new LinearOperation(
                $"{name}.feedforward.up", normal, gelu.After,
                builder.Matrix($"{name}.feedforward.up.weight", d.Hidden, d.Width, deviation, $"{file}.mlp.c_fc.weight", transposedInFile: true),
                builder.Vector($"{name}.feedforward.up.bias", d.Hidden, $"{file}.mlp.c_fc.bias"), activation: gelu));
            x = builder.Linear(
                $"{name}.feedforward.down", activated,
                builder.Matrix($"{name}.feedforward.down.weight", d.Width, d.Hidden, residualDeviation, $"{file}.mlp.c_proj.weight", transposedInFile: true),
                builder.Vector($"{name}.feedforward.down.bias", d.Width, $"{file}.mlp.c_proj.bias"), residual: x, d.Dropout, gelu);
        }

        x = Norm(builder, "norm", x, d, "transformer.ln_f", accumulate: false);
        Tensor logits = builder.Linear("output", x, table, bias: null);
        return new Network(d, builder, logits, precision);
    }

    private static Tensor Norm(NetworkBuilder builder, string name, Tensor input, NetworkDescription d, string file, bool accumulate) =>
        builder.Add(new LayerNormOperation(
            name, input, builder.Tensor(name, d.Width), builder.Tensor($"{name}.statistics", 2),
            builder.Vector($"{name}.weight", d.Width, $"{file}.weight", mean: 1), builder.Vector($"{name}.bias", d.Width, $"{file}.bias"),
            d.NormEpsilon, accumulate));
}
