using TrnOrleans.Numerics.Embeddings;
using TrnOrleans.Numerics.Losses;
using TrnOrleans.Numerics.Normalization;

namespace TrnOrleans.Numerics.Bits;

/// <summary>Kernels that work row by row: 201 rows are four blocks, the last one short.</summary>
internal static class RowBits
{
    private const int Rows = 201;
    private const int Width = 75;

    internal static void AddTo(DigestList list)
    {
        Norms(list);
        Embeddings(list);
        Loss(list);
    }

    private static void Norms(DigestList list)
    {
        float[] x = list.Input(Rows * Width);
        float[] weight = list.Input(Width);
        float[] dy = list.Input(Rows * Width);
        float[] y = new float[x.Length];
        float[] statistics = new float[2 * Rows];
        float[] dx = list.Input(x.Length);
        float[] dWeight = new float[Width];
        float[] dBias = new float[Width];
        LayerNorm.Forward(x, weight, list.Input(Width), y, statistics, 1e-5f);
        list.Add("LayerNorm.Forward", y, statistics);
        LayerNorm.Backward(x, weight, statistics, dy, dx, dWeight, dBias, accumulate: true);
        list.Add("LayerNorm.Backward", dx, dWeight, dBias);

        float[] scales = new float[Rows];
        RmsNorm.Forward(x, weight, y, scales, 1e-5f);
        list.Add("RmsNorm.Forward", y, scales);
        RmsNorm.Backward(x, weight, scales, dy, dx, dWeight, accumulate: true);
        list.Add("RmsNorm.Backward", dx, dWeight);
    }

    private static void Embeddings(DigestList list)
    {
        const int vocabulary = 29;
        const int context = 40;
        int[] tokens = list.Indices(Rows, vocabulary);
        float[] table = list.Input(vocabulary * Width);
        float[] positions = list.Input(context * Width);
        float[] y = new float[Rows * Width];
        Embedding.Forward(tokens, table, positions, y, Width, context);
        list.Add("Embedding.Forward", y);
        Embedding.Backward(tokens, list.Input(y.Length), table, positions, Width, context);
        list.Add("Embedding.Backward", table, positions);
    }

    private static void Loss(DigestList list)
    {
        const int classes = 83;
        float[] logits = list.Input(Rows * classes, -9, 9);
        int[] targets = list.Indices(Rows, classes);
        targets[17] = SoftmaxCrossEntropy.IgnoreIndex;
        float[] losses = new float[Rows];
        int hits = SoftmaxCrossEntropy.Compute(logits, targets, losses, classes, 1f / Rows, gradient: true);
        list.Add("SoftmaxCrossEntropy", logits, losses, [hits]);
    }
}
