using TrnOrleans.Numerics.Activations;
using TrnOrleans.Numerics.Attention;
using TrnOrleans.Numerics.Embeddings;
using TrnOrleans.Numerics.Losses;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Normalization;
using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Numerics.Tests;

/// <summary>A span of the wrong length is named in the error, and no output is touched.</summary>
public sealed class ShapeErrorTests
{
    private static readonly AttentionShape s_attention = new(1, 3, 2, 1, 4);
    private static readonly AdamWStep s_adamW = new(0.1f, 0.9f, 0.99f, 1e-8f, 0, 1, 0.1f, 0.01f);
    private readonly List<float[]> _outputs = [];

    [Fact]
    public void Products_name_the_argument()
    {
        Throws("a", () => MatrixProduct.NN(In(5), In(12), Out(8), 2, 4, 3));
        Throws("b", () => MatrixProduct.NT(In(6), In(11), Out(8), 2, 4, 3));
        Throws("c", () => MatrixProduct.TN(In(6), In(12), Out(9), 2, 4, 3));
        Throws("bias", () => MatrixProduct.NN(In(6), In(12), Out(8), 2, 4, 3, In(3)));
        Throws("residual", () => MatrixProduct.NN(In(6), In(12), Out(8), 2, 4, 3, In(4), In(7)));
        Throws("matrix", () => ColumnSums.Compute(In(7), Out(3)));
    }

    [Fact]
    public void Norms_name_the_argument()
    {
        Throws("x", () => LayerNorm.Forward(In(7), In(3), In(3), Out(6), Out(4), 1));
        Throws("bias", () => LayerNorm.Forward(In(6), In(3), In(2), Out(6), Out(4), 1));
        Throws("y", () => LayerNorm.Forward(In(6), In(3), In(3), Out(5), Out(4), 1));
        Throws("statistics", () => LayerNorm.Forward(In(6), In(3), In(3), Out(6), Out(3), 1));
        Throws("statistics", () => LayerNorm.Backward(In(6), In(3), In(3), In(6), Out(6), Out(3), Out(3), false));
        Throws("outputGradient", () => LayerNorm.Backward(In(6), In(3), In(4), In(5), Out(6), Out(3), Out(3), false));
        Throws("inputGradient", () => LayerNorm.Backward(In(6), In(3), In(4), In(6), Out(7), Out(3), Out(3), false));
        Throws("weightGradient", () => LayerNorm.Backward(In(6), In(3), In(4), In(6), Out(6), Out(2), Out(3), false));
        Throws("biasGradient", () => LayerNorm.Backward(In(6), In(3), In(4), In(6), Out(6), Out(3), Out(4), false));
        Throws("x", () => RmsNorm.Forward(In(7), In(3), Out(6), Out(2), 1));
        Throws("y", () => RmsNorm.Forward(In(6), In(3), Out(5), Out(2), 1));
        Throws("scales", () => RmsNorm.Forward(In(6), In(3), Out(6), Out(3), 1));
        Throws("scales", () => RmsNorm.Backward(In(6), In(3), In(3), In(6), Out(6), Out(3), false));
        Throws("outputGradient", () => RmsNorm.Backward(In(6), In(3), In(2), In(5), Out(6), Out(3), false));
        Throws("inputGradient", () => RmsNorm.Backward(In(6), In(3), In(2), In(6), Out(5), Out(3), false));
        Throws("weightGradient", () => RmsNorm.Backward(In(6), In(3), In(2), In(6), Out(6), Out(4), false));
    }

    [Fact]
    public void Element_wise_kernels_name_an_argument()
    {
        Throws("y", () => Gelu.Forward(In(5), Out(4)));
        Throws("y", () => Gelu.Backward(In(5), In(4), Out(5)));
        Throws("z", () => Gelu.Backward(In(5), In(5), Out(4)));
        Throws("y", () => Relu.Forward(In(5), Out(6)));
        Throws("y", () => Relu.Backward(In(5), In(6), Out(5)));
        Throws("y", () => SwiGlu.Forward(In(12), Out(7), 3));
        Throws("gateAndUp", () => SwiGlu.Forward(In(11), Out(6), 3));
        Throws("inputGradient", () => SwiGlu.Backward(In(12), In(6), Out(11), 3));
        Throws("y", () => VectorSum.AddInto(Out(5), In(4)));
    }

    [Fact]
    public void Attention_names_the_argument()
    {
        Throws("rows", () => CausalAttention.Forward(In(47), Out(24), Out(12), s_attention));
        Throws("output", () => CausalAttention.Forward(In(48), Out(23), Out(12), s_attention));
        Throws("statistics", () => CausalAttention.Forward(In(48), Out(24), Out(11), s_attention));
        Throws("outputGradient", () => CausalAttention.Backward(In(48), In(24), In(12), In(25), Out(48), s_attention));
        Throws("rowsGradient", () => CausalAttention.Backward(In(48), In(24), In(12), In(24), Out(47), s_attention));
        Throws(null, () => CausalAttention.Forward(In(48), Out(24), Out(12), s_attention with { KeyValueHeads = 3 }));
        RotaryTable table = new(4, 6, 10_000);
        Throws("rows", () => Rotary.Forward(Out(13), 12, 2, 4, table));
        Throws(null, () => Rotary.Forward(Out(12), 12, 3, 4, table));
        Throws(null, () => Rotary.Backward(Out(12), 12, 2, 5, table));
    }

    [Fact]
    public void Tables_and_losses_name_the_argument()
    {
        Throws(null, () => Embedding.Forward([0, 1], In(6), [], Out(5), 3, 2));
        Throws(null, () => Embedding.Forward([0, 1], In(7), [], Out(6), 3, 2));
        Throws(null, () => Embedding.Backward([0, 1], In(6), Out(6), Out(5), 3, 2));
        Throws("logits", () => SoftmaxCrossEntropy.Compute(Out(7), [0, 1], Out(2), 3, 1, true));
        Throws("targets", () => SoftmaxCrossEntropy.Compute(Out(6), [0], Out(2), 3, 1, true));
        Throws("losses", () => SoftmaxCrossEntropy.Compute(Out(6), [0, 1], Out(1), 3, 1, true));
    }

    [Fact]
    public void Optimizers_name_the_argument()
    {
        Throws("gradient", () => AdamW.Update(Out(4), In(3), Out(4), Out(4), s_adamW));
        Throws("first", () => AdamW.Update(Out(4), In(4), Out(3), Out(4), s_adamW));
        Throws("second", () => AdamW.Update(Out(4), In(4), Out(4), Out(5), s_adamW));
        Throws("gradient", () => MomentumSgd.Update(Out(4), In(3), Out(4), new SgdStep(1, 1, 0, 1)));
        Throws("velocity", () => MomentumSgd.Update(Out(4), In(4), [], new SgdStep(1, 1, 0, 1)));
    }

    private void Throws(string? argument, Action call)
    {
        _outputs.Clear();
        ArgumentException error = Assert.ThrowsAny<ArgumentException>(call);
        Assert.True(argument is null || error.ParamName == argument, $"{error.ParamName} is named, not {argument}");
        Assert.NotEmpty(_outputs);
        Assert.All(_outputs, output => Assert.All(output, value => Assert.Equal(42f, value)));
    }

    private static float[] In(int length) => TestData.Uniform(length, 1);

    private float[] Out(int length)
    {
        float[] output = new float[length];
        Array.Fill(output, 42f);
        _outputs.Add(output);
        return output;
    }
}
