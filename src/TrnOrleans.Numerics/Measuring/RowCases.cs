using TrnOrleans.Numerics.Attention;
using TrnOrleans.Numerics.Losses;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Normalization;

namespace TrnOrleans.Numerics.Measuring;

/// <summary>Kernels over rows: attention, norms, the loss, sums of columns.</summary>
internal static class RowCases
{
    private const int Rows = 8192;

    internal static IEnumerable<(KernelName Name, Func<KernelCase> Create)> All()
    {
        foreach (AttentionShape shape in new AttentionShape[] { new(12, 64, 4, 4, 32), new(8, 256, 6, 6, 64), new(1, 2048, 6, 6, 64) })
        {
            yield return Attention(shape, backward: false);
            yield return Attention(shape, backward: true);
        }

        foreach (int width in new[] { 128, 768 })
        {
            yield return Norm("layernorm", width, backward: false);
            yield return Norm("layernorm", width, backward: true);
            yield return Norm("rmsnorm", width, backward: false);
            yield return Norm("rmsnorm", width, backward: true);
        }

        foreach (int classes in new[] { 65, 4096 })
        {
            yield return Loss(classes);
        }

        yield return ColumnSum(1536);
    }

    /// <summary>Multiply-adds of the pairs that a causal mask leaves, two products forward and five backward (one again for the weights).</summary>
    private static (KernelName Name, Func<KernelCase> Create) Attention(AttentionShape shape, bool backward)
    {
        double pairs = (double)shape.Sequences * shape.Heads * shape.Context * (shape.Context + 1) / 2;
        KernelName name = new(
            "attention", backward ? "backward" : "forward",
            [("sequences", shape.Sequences), ("context", shape.Context), ("heads", shape.Heads), ("head_width", shape.HeadWidth)],
            KernelBound.Arithmetic, 2 * pairs * shape.HeadWidth * (backward ? 5 : 2));
        return (name, () =>
        {
            AlignedBuffer rows = Operand.Of((long)shape.Rows * shape.RowWidth);
            AlignedBuffer output = new((long)shape.Rows * shape.OutputWidth);
            AlignedBuffer statistics = new(2L * shape.Rows * shape.Heads);
            AlignedBuffer gradient = new(backward ? (long)shape.Rows * shape.RowWidth : 0);
            AlignedBuffer outputGradient = Operand.Of((long)shape.Rows * shape.OutputWidth);
            CausalAttention.Forward(rows.Span(), output.Span(), statistics.Span(), shape);
            return new KernelCase(name, [rows, output, statistics, gradient, outputGradient], backward
                ? () => CausalAttention.Backward(rows.Span(), output.Span(), statistics.Span(), outputGradient.Span(), gradient.Span(), shape)
                : () => CausalAttention.Forward(rows.Span(), output.Span(), statistics.Span(), shape));
        }
        );
    }

    private static (KernelName Name, Func<KernelCase> Create) Norm(string kernel, int width, bool backward)
    {
        // Forward reads x and writes y; backward reads x and dy and writes dx.
        KernelName name = Named(kernel, backward ? "backward" : "forward", width, backward ? 3 : 2);
        return (name, () =>
        {
            AlignedBuffer x = Operand.Of((long)Rows * width);
            AlignedBuffer y = Operand.Of((long)Rows * width);
            AlignedBuffer dx = new(backward ? (long)Rows * width : 0);
            AlignedBuffer weight = Operand.Of(width);
            AlignedBuffer bias = Operand.Of(width);
            AlignedBuffer weightGradient = new(width);
            AlignedBuffer statistics = new(2L * Rows);
            Span<float> Scales() => statistics.Span(0, Rows);
            if (backward && kernel == "layernorm")
            {
                LayerNorm.Forward(x.Span(), weight.Span(), bias.Span(), y.Span(), statistics.Span(), 1e-5f);
            }
            else if (backward)
            {
                RmsNorm.Forward(x.Span(), weight.Span(), y.Span(), Scales(), 1e-5f);
            }

            return new KernelCase(name, [x, y, dx, weight, bias, weightGradient, statistics], (kernel, backward) switch
            {
                ("layernorm", false) => () => LayerNorm.Forward(x.Span(), weight.Span(), bias.Span(), y.Span(), statistics.Span(), 1e-5f),
                ("layernorm", true) => () => LayerNorm.Backward(
                    x.Span(), weight.Span(), statistics.Span(), y.Span(), dx.Span(), weightGradient.Span(), bias.Span(), accumulate: false),
                (_, false) => () => RmsNorm.Forward(x.Span(), weight.Span(), y.Span(), Scales(), 1e-5f),
                _ => () => RmsNorm.Backward(x.Span(), weight.Span(), Scales(), y.Span(), dx.Span(), weightGradient.Span(), accumulate: false),
            });
        }
        );
    }

    private static (KernelName Name, Func<KernelCase> Create) Loss(int classes)
    {
        KernelName name = Named("softmax_cross_entropy", "forward_backward", classes, 2);
        return (name, () =>
        {
            AlignedBuffer logits = Operand.Of((long)Rows * classes);
            int[] targets = Operand.Indices(Rows, classes);
            float[] losses = new float[Rows];
            return new KernelCase(name, [logits], () => SoftmaxCrossEntropy.Compute(logits.Span(), targets, losses, classes, 1, gradient: true));
        }
        );
    }

    private static (KernelName Name, Func<KernelCase> Create) ColumnSum(int width)
    {
        KernelName name = Named("column_sums", "forward", width, 1);
        return (name, () =>
        {
            AlignedBuffer matrix = Operand.Of((long)Rows * width);
            AlignedBuffer sums = new(width);
            return new KernelCase(name, [matrix, sums], () => ColumnSums.Compute(matrix.Span(), sums.Span()));
        }
        );
    }

    private static KernelName Named(string kernel, string form, int width, int passes) =>
        new(kernel, form, [("rows", Rows), ("width", width)], KernelBound.Memory, (double)sizeof(float) * Rows * width * passes);
}
