using TrnOrleans.Numerics.Compute;
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
    /// <exception cref="ArgumentException">a span is not of the stated shape.</exception>
    public static void Forward(ReadOnlySpan<float> rows, Span<float> output, Span<float> statistics, in AttentionShape shape)
    {
        shape.Check();
        Shape.Check(rows, (long)shape.Rows * shape.RowWidth, nameof(rows));
        Shape.Check<float>(output, (long)shape.Rows * shape.OutputWidth, nameof(output));
        Shape.Check<float>(statistics, 2L * shape.Rows * shape.Heads, nameof(statistics));
        fixed (float* pRows = rows, pOutput = output, pStatistics = statistics)
        {
            ForwardPieces work = new() { Head = new AttentionHead(shape, pRows, pOutput, pStatistics) };
            ComputeEngine.ForEachPiece(shape.Sequences * shape.KeyValueHeads, ref work);
        }
    }

    /// <summary>Gradient of <see cref="Forward"/> with respect to queries, keys and values.</summary>
    /// <param name="rows">The forward input.</param>
    /// <param name="output">The forward output.</param>
    /// <param name="statistics">As the forward pass left them.</param>
    /// <param name="outputGradient">Shape.Rows × Shape.OutputWidth.</param>
    /// <param name="rowsGradient">Shape.Rows × Shape.RowWidth; overwritten.</param>
    /// <param name="shape">The shape.</param>
    public static void Backward(
        ReadOnlySpan<float> rows, ReadOnlySpan<float> output, ReadOnlySpan<float> statistics, ReadOnlySpan<float> outputGradient,
        Span<float> rowsGradient, in AttentionShape shape)
    {
        shape.Check();
        Shape.Check(rows, (long)shape.Rows * shape.RowWidth, nameof(rows));
        Shape.Check(output, (long)shape.Rows * shape.OutputWidth, nameof(output));
        Shape.Check(statistics, 2L * shape.Rows * shape.Heads, nameof(statistics));
        Shape.Check(outputGradient, output.Length, nameof(outputGradient));
        Shape.Check<float>(rowsGradient, rows.Length, nameof(rowsGradient));
        fixed (float* pRows = rows, pOutput = output, pStatistics = statistics, pdo = outputGradient, pdr = rowsGradient)
        {
            BackwardPieces work = new()
            {
                Head = new AttentionHead(shape, pRows, pOutput, pStatistics),
                OutputGradient = pdo,
                RowsGradient = pdr,
            };
            ComputeEngine.ForEachPiece(shape.Sequences * shape.KeyValueHeads, ref work);
        }
    }

    private struct ForwardPieces : IPieces
    {
        internal AttentionHead Head;

        public readonly void Run(int piece) => Head.Forward(piece / Head.Shape.KeyValueHeads, piece % Head.Shape.KeyValueHeads);
    }

    private struct BackwardPieces : IPieces
    {
        internal AttentionHead Head;
        internal float* OutputGradient, RowsGradient;

        public readonly void Run(int piece) =>
            Head.Backward(piece / Head.Shape.KeyValueHeads, piece % Head.Shape.KeyValueHeads, OutputGradient, RowsGradient);
    }
}
