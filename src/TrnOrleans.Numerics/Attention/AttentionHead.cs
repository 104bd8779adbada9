using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Elementary;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Attention;

/// <summary>
/// One key head of one sequence with its query heads. Scores of 48 query rows at a time against all keys up to the block's end;
/// columns behind a row's own position are exact zeros, which add nothing to a chain, so the block size is no part of the result. Weights and
/// slopes are rounded to the format of operands before products read them; queries, keys, values and gradients come in it.
/// </summary>
internal readonly unsafe struct AttentionHead<TOperands>(AttentionShape shape, float* rows, float* output, float* statistics)
    where TOperands : struct, IAttentionOperands
{
    // Four tiles of twelve rows: scores of 48 × 2,048 are 384 KiB, still in the second-level cache.
    private const int BlockRows = 4 * MicroKernel.Rows;
    private const int Panel = MicroKernel.Columns;

    // Scores and outputs; and backward scores again, and the gradients of weights, queries, keys and values.
    private const long ForwardProducts = 2;
    private const long BackwardProducts = 5;

    internal AttentionShape Shape => shape;

    /// <summary>Output and statistics of all query heads that share a key head.</summary>
    internal void Forward(int sequence, int keyHead)
    {
        int context = shape.Context;
        int width = shape.HeadWidth;
        int padded = Padded(context);
        int paddedWidth = Padded(width);
        float* keysTransposed = ThreadScratch.Rent(
            ThreadScratch.Slot.Attention, ((long)padded * width) + ((long)context * paddedWidth) + ((long)BlockRows * padded));
        float* values = keysTransposed + ((nint)padded * width);
        float* scores = values + ((nint)context * paddedWidth);
        PackTransposed(Key(sequence, keyHead), shape.RowWidth, keysTransposed);
        PackPlain(Value(sequence, keyHead), shape.RowWidth, values);

        for (int member = 0; member < shape.Group; member++)
        {
            int head = (keyHead * shape.Group) + member;
            float* query = Query(sequence, head);
            for (int first = 0; first < context; first += BlockRows)
            {
                int count = Math.Min(BlockRows, context - first);
                int seen = first + count;
                MultiplyByPanels(count, seen, width, query + ((nint)first * shape.RowWidth), shape.RowWidth, keysTransposed, scores, padded);
                for (int i = 0; i < count; i++)
                {
                    Softmax(scores + ((nint)i * padded), first + i + 1, seen, Statistics(sequence, first + i, head));
                }

                KernelWork.Add(ForwardProducts * width * Visible(first, count));
                WidthPanels(
                    count, seen, scores, padded, 1, values, context,
                    output + ((((nint)sequence * context) + first) * shape.OutputWidth) + (head * width), shape.OutputWidth, fromZero: true);
            }
        }
    }

    /// <summary>Gradients of the queries that share a key head, and of that key and value head.</summary>
    internal void Backward(int sequence, int keyHead, float* outputGradient, float* rowsGradient)
    {
        int context = shape.Context;
        int width = shape.HeadWidth;
        int padded = Padded(context);
        int paddedWidth = Padded(width);
        nint transposed = (nint)padded * width;
        nint plain = (nint)context * paddedWidth;
        nint block = (nint)BlockRows * padded;
        float* keysTransposed = ThreadScratch.Rent(ThreadScratch.Slot.Attention, (2 * transposed) + (5 * plain) + (2 * block));
        float* valuesTransposed = keysTransposed + transposed;
        float* keys = valuesTransposed + transposed;
        float* queries = keys + plain;
        float* gradients = queries + plain;
        float* keySums = gradients + plain;
        float* valueSums = keySums + plain;
        float* weights = valueSums + plain;
        float* slopes = weights + block;
        PackTransposed(Key(sequence, keyHead), shape.RowWidth, keysTransposed);
        PackTransposed(Value(sequence, keyHead), shape.RowWidth, valuesTransposed);
        PackPlain(Key(sequence, keyHead), shape.RowWidth, keys);
        new Span<float>(keySums, checked((int)(2 * plain))).Clear();

        for (int member = 0; member < shape.Group; member++)
        {
            int head = (keyHead * shape.Group) + member;
            float* query = Query(sequence, head);
            nint outputOffset = ((nint)sequence * context * shape.OutputWidth) + (head * width);
            PackPlain(query, shape.RowWidth, queries);
            PackPlain(outputGradient + outputOffset, shape.OutputWidth, gradients);
            for (int first = 0; first < context; first += BlockRows)
            {
                int count = Math.Min(BlockRows, context - first);
                int seen = first + count;
                nint firstOutput = outputOffset + ((nint)first * shape.OutputWidth);
                MultiplyByPanels(count, seen, width, query + ((nint)first * shape.RowWidth), shape.RowWidth, keysTransposed, weights, padded);
                MultiplyByPanels(count, seen, width, outputGradient + firstOutput, shape.OutputWidth, valuesTransposed, slopes, padded);
                for (int i = 0; i < count; i++)
                {
                    nint row = firstOutput + ((nint)i * shape.OutputWidth);
                    float projection = Dot(outputGradient + row, output + row, width);
                    SoftmaxSlopes(
                        weights + ((nint)i * padded), slopes + ((nint)i * padded), first + i + 1, seen, Statistics(sequence, first + i, head), projection);
                }

                KernelWork.Add(BackwardProducts * width * Visible(first, count));

                // The chains of keys and values go on over all query rows of all heads, in ascending order.
                SumPanels(seen, count, weights, padded, gradients, first, valueSums);
                SumPanels(seen, count, slopes, padded, queries, first, keySums);
                WidthPanels(
                    count, seen, slopes, padded, 1, keys, context,
                    rowsGradient + RowOffset(sequence, first) + (head * width), shape.RowWidth, fromZero: true);
            }
        }

        Unpack(keySums, rowsGradient + RowOffset(sequence, 0) + KeyOffset(keyHead));
        Unpack(valueSums, rowsGradient + RowOffset(sequence, 0) + ValueOffset(keyHead));
    }

    /// <summary>Scores that so many rows see together: each its own column and those before.</summary>
    private static long Visible(int first, int count) => ((long)first * count) + ((long)count * (count + 1) / 2);

    private static int Padded(int columns) => ColumnPanels.Count(columns) * Panel;

    /// <summary>scores (count × seen, rows of stride) = rows · transposed panels.</summary>
    private static void MultiplyByPanels(int count, int seen, int width, float* left, nint leftRow, float* panels, float* scores, int stride)
    {
        for (int column = 0; column < seen; column += Panel)
        {
            TileLoop.Run(count, Panel, width, TileRows.InPlace(left, leftRow, 1), panels + ((nint)column * width), Panel, scores + column, stride, fromZero: true);
        }
    }

    /// <summary>target (count × head width) = left (count × seen) · panels (length × head width).</summary>
    private void WidthPanels(
        int count, int seen, float* left, nint leftRow, nint leftStep, float* panels, int length, float* target, nint targetRow, bool fromZero)
    {
        for (int column = 0; column < shape.HeadWidth; column += Panel)
        {
            TileLoop.Run(
                count, Math.Min(Panel, shape.HeadWidth - column), seen, TileRows.InPlace(left, leftRow, leftStep),
                panels + ((nint)column * length), Panel, target + column, targetRow, fromZero);
        }
    }

    /// <summary>sums (seen × padded head width, in panels) += leftᵀ · rows first … first + count of the panels.</summary>
    private void SumPanels(int seen, int count, float* left, nint leftRow, float* panels, int first, float* sums)
    {
        for (int column = 0; column < shape.HeadWidth; column += Panel)
        {
            nint start = (nint)column * shape.Context;
            TileLoop.Run(
                seen, Panel, count, TileRows.InPlace(left, 1, leftRow), panels + start + ((nint)first * Panel), Panel, sums + start, Panel, fromZero: false);
        }
    }

    /// <summary>Scores become weights over the first <paramref name="visible"/> columns, exact zeros up to <paramref name="seen"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Softmax(float* scores, int visible, int seen, float* saved)
    {
        Vector512<float> scale = Vector512.Create(VectorMath.ReciprocalSquareRoot(shape.HeadWidth));
        int whole = visible / Lanes.Width * Lanes.Width;
        int rest = visible - whole;
        Vector512<float> largest = Lanes.LoadTail(scores + whole, rest, float.NegativeInfinity);
        for (int i = 0; i < whole; i += Lanes.Width)
        {
            largest = Vector512.Max(largest, Vector512.Load(scores + i));
        }

        float max = Lanes.Max(largest);
        Vector512<float> maxes = Vector512.Create(max);
        Vector512<float> sums = Vector512<float>.Zero;
        for (int i = 0; i < whole; i += Lanes.Width)
        {
            Vector512<float> e = VectorMath.Exp((Vector512.Load(scores + i) - maxes) * scale);
            sums += e;
            e.Store(scores + i);
        }

        if (rest > 0)
        {
            Vector512<float> e = Tail(scores + whole, rest, max, maxes, scale);
            sums += e;
            e.Store(scores + whole);
        }

        float inverse = 1f / Lanes.Sum(sums);
        Vector512<float> inverses = Vector512.Create(inverse);
        for (int i = 0; i < whole; i += Lanes.Width)
        {
            TOperands.Round(Vector512.Load(scores + i) * inverses).Store(scores + i);
        }

        if (rest > 0)
        {
            // Zeros behind also when the row is not finite: keys that it does not see must not catch its NaN.
            Lanes.KeepFirst(TOperands.Round(Vector512.Load(scores + whole) * inverses), rest).Store(scores + whole);
        }

        ClearBehind(scores, visible, seen);
        saved[0] = max;
        saved[1] = inverse;
    }

    /// <summary>Scores become weights again, and d(weights) becomes d(scores): w · (dw − o·do) / √width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SoftmaxSlopes(float* weights, float* slopes, int visible, int seen, float* saved, float projection)
    {
        Vector512<float> scale = Vector512.Create(VectorMath.ReciprocalSquareRoot(shape.HeadWidth));
        Vector512<float> max = Vector512.Create(saved[0]);
        Vector512<float> inverse = Vector512.Create(saved[1]);
        Vector512<float> projections = Vector512.Create(projection);
        int whole = visible / Lanes.Width * Lanes.Width;
        int rest = visible - whole;
        for (int i = 0; i < whole; i += Lanes.Width)
        {
            Vector512<float> weight = VectorMath.Exp((Vector512.Load(weights + i) - max) * scale) * inverse;
            TOperands.Round(weight * (Vector512.Load(slopes + i) - projections) * scale).Store(slopes + i);
            TOperands.Round(weight).Store(weights + i);
        }

        if (rest > 0)
        {
            Vector512<float> weight = Tail(weights + whole, rest, saved[0], max, scale) * inverse;
            Lanes.KeepFirst(TOperands.Round(weight * (Lanes.LoadTail(slopes + whole, rest) - projections) * scale), rest).Store(slopes + whole);
            Lanes.KeepFirst(TOperands.Round(weight), rest).Store(weights + whole);
        }

        ClearBehind(weights, visible, seen);
        ClearBehind(slopes, visible, seen);
    }

    /// <summary>
    /// e^((score − max) · scale) of a row's last columns, zeros behind. The lanes behind compute e^0: with −∞ in them the result would be the
    /// same zeros, but every one would pass through numbers too small for the fast path of the processor.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Tail(float* scores, int count, float max, Vector512<float> maxes, Vector512<float> scale) =>
        Lanes.KeepFirst(VectorMath.Exp((Lanes.LoadTail(scores, count, max) - maxes) * scale), count);

    /// <summary>Zeros from the first whole vector behind the visible columns on; a row of scores has room for whole vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ClearBehind(float* row, int visible, int seen)
    {
        for (int i = (visible + Lanes.Width - 1) / Lanes.Width * Lanes.Width; i < seen; i += Lanes.Width)
        {
            Vector512<float>.Zero.Store(row + i);
        }
    }

    private static float Dot(float* x, float* y, int length)
    {
        Vector512<float> sum = Vector512<float>.Zero;
        for (int i = 0; i < length; i += Lanes.Width)
        {
            sum = Vector512.FusedMultiplyAdd(Lanes.Load(x + i, length - i), Lanes.Load(y + i, length - i), sum);
        }

        return Lanes.Sum(sum);
    }

    /// <summary>Context rows of a head as columns: panels of 32 rows, each width × 32.</summary>
    private void PackTransposed(float* head, nint stride, float* target)
    {
        for (int first = 0; first < shape.Context; first += Panel)
        {
            ColumnPanels.PackColumns(head, stride, shape.HeadWidth, first, shape.Context, target + ((nint)first * shape.HeadWidth));
        }
    }

    /// <summary>Context rows of a head as they are: panels of 32 columns, each context × 32.</summary>
    private void PackPlain(float* head, nint stride, float* target)
    {
        ColumnPanels.PackRows(head, stride, shape.Context, 0, shape.HeadWidth, target, ColumnPanels.Count(shape.HeadWidth));
    }

    private void Unpack(float* panels, float* target)
    {
        for (int column = 0; column < shape.HeadWidth; column += Panel)
        {
            int count = Math.Min(Panel, shape.HeadWidth - column);
            float* panel = panels + ((nint)column * shape.Context);
            for (int row = 0; row < shape.Context; row++)
            {
                new ReadOnlySpan<float>(panel + ((nint)row * Panel), count).CopyTo(new Span<float>(target + ((nint)row * shape.RowWidth) + column, count));
            }
        }
    }

    private nint RowOffset(int sequence, int row) => (((nint)sequence * shape.Context) + row) * shape.RowWidth;

    private nint KeyOffset(int keyHead) => (shape.Heads + keyHead) * (nint)shape.HeadWidth;

    private nint ValueOffset(int keyHead) => (shape.Heads + shape.KeyValueHeads + keyHead) * (nint)shape.HeadWidth;

    private float* Query(int sequence, int head) => rows + RowOffset(sequence, 0) + (head * shape.HeadWidth);

    private float* Key(int sequence, int keyHead) => rows + RowOffset(sequence, 0) + KeyOffset(keyHead);

    private float* Value(int sequence, int keyHead) => rows + RowOffset(sequence, 0) + ValueOffset(keyHead);

    private float* Statistics(int sequence, int row, int head) =>
        statistics + (2 * (((((nint)sequence * shape.Context) + row) * shape.Heads) + head));
}
