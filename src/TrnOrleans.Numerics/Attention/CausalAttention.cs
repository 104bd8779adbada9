using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Attention;

/// <summary>
/// Causal softmax attention, multi-head and grouped-query: o = softmax(q kᵀ / √width) v, each row seeing itself and the rows before it.
/// Works in blocks of query rows: memory grows with the context, never with its square; the backward pass computes the weights again.
/// </summary>
/// <remarks>One piece is one sequence and one key head with all the query heads that share it, so no two pieces add to the same gradient.</remarks>
public static unsafe class CausalAttention
{
    /// <summary>The output of each row.</summary>
    /// <param name="rows">Shape.Rows × Shape.RowWidth: queries, keys, values.</param>
    /// <param name="output">Shape.Rows × Shape.OutputWidth; overwritten.</param>
    /// <param name="statistics">Shape.Rows × Heads × 2: largest score and 1/Σ exp of each row and head, kept for the backward pass.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="operands">What products read: FP32 when null, or TF32, BF16 or FP16, to which weights are rounded and rows must have been.</param>
    /// <exception cref="ArgumentException">a span is not of the stated shape, or the format is another one.</exception>
    public static void Forward(ReadOnlySpan<float> rows, Span<float> output, Span<float> statistics, in AttentionShape shape, NumberFormat? operands = null)
    {
        shape.Check();
        Shape.Check(rows, (long)shape.Rows * shape.RowWidth, nameof(rows));
        Shape.Check<float>(output, (long)shape.Rows * shape.OutputWidth, nameof(output));
        Shape.Check<float>(statistics, 2L * shape.Rows * shape.Heads, nameof(statistics));
        fixed (float* pRows = rows, pOutput = output, pStatistics = statistics)
        {
            switch (operands?.Name)
            {
                case null or "fp32":
                    Forward<Fp32Operands>(shape, pRows, pOutput, pStatistics);
                    break;
                case "tf32":
                    Forward<Tf32Operands>(shape, pRows, pOutput, pStatistics);
                    break;
                case "bf16":
                    Forward<Bf16Operands>(shape, pRows, pOutput, pStatistics);
                    break;
                case "fp16":
                    Forward<Fp16Operands>(shape, pRows, pOutput, pStatistics);
                    break;
                default:
                    throw NotAFormat(operands);
            }
        }
    }

    /// <summary>Gradient of <see cref="Forward"/> with respect to queries, keys and values.</summary>
    /// <param name="rows">The forward input.</param>
    /// <param name="output">The forward output.</param>
    /// <param name="statistics">As the forward pass left them.</param>
    /// <param name="outputGradient">Shape.Rows × Shape.OutputWidth.</param>
    /// <param name="rowsGradient">Shape.Rows × Shape.RowWidth; overwritten.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="operands">As of <see cref="Forward"/>; the output's gradient must have been rounded to it, too.</param>
    public static void Backward(
        ReadOnlySpan<float> rows, ReadOnlySpan<float> output, ReadOnlySpan<float> statistics, ReadOnlySpan<float> outputGradient,
        Span<float> rowsGradient, in AttentionShape shape, NumberFormat? operands = null)
    {
        shape.Check();
        Shape.Check(rows, (long)shape.Rows * shape.RowWidth, nameof(rows));
        Shape.Check(output, (long)shape.Rows * shape.OutputWidth, nameof(output));
        Shape.Check(statistics, 2L * shape.Rows * shape.Heads, nameof(statistics));
        Shape.Check(outputGradient, output.Length, nameof(outputGradient));
        Shape.Check<float>(rowsGradient, rows.Length, nameof(rowsGradient));
        fixed (float* pRows = rows, pOutput = output, pStatistics = statistics, pdo = outputGradient, pdr = rowsGradient)
        {
            switch (operands?.Name)
            {
                case null or "fp32":
                    Backward<Fp32Operands>(shape, pRows, pOutput, pStatistics, pdo, pdr);
                    break;
                case "tf32":
                    Backward<Tf32Operands>(shape, pRows, pOutput, pStatistics, pdo, pdr);
                    break;
                case "bf16":
                    Backward<Bf16Operands>(shape, pRows, pOutput, pStatistics, pdo, pdr);
                    break;
                case "fp16":
                    Backward<Fp16Operands>(shape, pRows, pOutput, pStatistics, pdo, pdr);
                    break;
                default:
                    throw NotAFormat(operands);
            }
        }
    }

    private static ArgumentException NotAFormat(NumberFormat operands) => new($"attention has operands in fp32, tf32, bf16 or fp16, not in {operands}.", nameof(operands));

    private static void Forward<TOperands>(in AttentionShape shape, float* rows, float* output, float* statistics)
        where TOperands : struct, IAttentionOperands
    {
        ForwardPieces<TOperands> work = new() { Head = new AttentionHead<TOperands>(shape, rows, output, statistics) };
        ComputeEngine.ForEachPiece(shape.Sequences * shape.KeyValueHeads, ref work);
    }

    private static void Backward<TOperands>(in AttentionShape shape, float* rows, float* output, float* statistics, float* outputGradient, float* rowsGradient)
        where TOperands : struct, IAttentionOperands
    {
        BackwardPieces<TOperands> work = new()
        {
            Head = new AttentionHead<TOperands>(shape, rows, output, statistics),
            OutputGradient = outputGradient,
            RowsGradient = rowsGradient,
        };
        ComputeEngine.ForEachPiece(shape.Sequences * shape.KeyValueHeads, ref work);
    }

    private struct ForwardPieces<TOperands> : IPieces
        where TOperands : struct, IAttentionOperands
    {
        internal AttentionHead<TOperands> Head;

        public readonly void Run(int piece) => Head.Forward(piece / Head.Shape.KeyValueHeads, piece % Head.Shape.KeyValueHeads);
    }

    private struct BackwardPieces<TOperands> : IPieces
        where TOperands : struct, IAttentionOperands
    {
        internal AttentionHead<TOperands> Head;
        internal float* OutputGradient, RowsGradient;

        public readonly void Run(int piece) =>
            Head.Backward(piece / Head.Shape.KeyValueHeads, piece % Head.Shape.KeyValueHeads, OutputGradient, RowsGradient);
    }
}
