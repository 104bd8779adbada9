using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// Products whose operands go through a format first, as the tensor engine reads them; they accumulate in FP32, as PSUM does. Blocks of scales
/// lie along the contraction: the same matrix has others in a product with its transpose.
/// </summary>
public static class QuantizedProduct
{
    /// <summary>C = A · Bᵀ (+ bias) (+ residual), with b packed by <see cref="PackedOperand"/>, in its format already.</summary>
    /// <inheritdoc cref="MatrixProduct.NTPacked"/>
    /// <param name="cast">Of a, along its rows.</param>
    public static void NTPacked(
        ReadOnlySpan<float> a, in OperandCast cast, ReadOnlySpan<float> packed, Span<float> c, int m, int n, int k,
        ReadOnlySpan<float> bias = default, ReadOnlySpan<float> residual = default, Epilogue epilogue = Epilogue.None, Span<float> other = default) =>
        MatrixProduct.NTPacked(Cast(a, cast, k, Contraction.Row, ThreadScratch.Slot.LeftOperand), packed, c, m, n, k, bias, residual, epilogue, other);

    /// <summary>Packs b for <see cref="NTPacked"/>, in its format.</summary>
    /// <inheritdoc cref="PackedOperand.Pack"/>
    /// <param name="cast">Of b, along its rows.</param>
    public static void Pack(ReadOnlySpan<float> b, in OperandCast cast, Span<float> packed, int n, int k) =>
        PackedOperand.Pack(Cast(b, cast, k, Contraction.Row, ThreadScratch.Slot.RightOperand), packed, n, k);

    /// <summary>C = A · Bᵀ (+ bias) (+ residual).</summary>
    /// <inheritdoc cref="MatrixProduct.NT"/>
    /// <param name="castA">Of a, along its rows.</param>
    /// <param name="castB">Of b, along its rows.</param>
    public static void NT(
        ReadOnlySpan<float> a, in OperandCast castA, ReadOnlySpan<float> b, in OperandCast castB, Span<float> c, int m, int n, int k,
        ReadOnlySpan<float> bias = default, ReadOnlySpan<float> residual = default, Epilogue epilogue = Epilogue.None, Span<float> other = default) =>
        MatrixProduct.NT(
            Cast(a, castA, k, Contraction.Row, ThreadScratch.Slot.LeftOperand), Cast(b, castB, k, Contraction.Row, ThreadScratch.Slot.RightOperand), c, m, n, k,
            bias, residual, epilogue, other);

    /// <summary>C = A · B (+ bias) (+ residual).</summary>
    /// <inheritdoc cref="MatrixProduct.NN"/>
    /// <param name="castA">Of a, along its rows.</param>
    /// <param name="castB">Of b, down its columns.</param>
    public static void NN(
        ReadOnlySpan<float> a, in OperandCast castA, ReadOnlySpan<float> b, in OperandCast castB, Span<float> c, int m, int n, int k,
        ReadOnlySpan<float> bias = default, ReadOnlySpan<float> residual = default, Epilogue epilogue = Epilogue.None, Span<float> other = default) =>
        MatrixProduct.NN(
            Cast(a, castA, k, Contraction.Row, ThreadScratch.Slot.LeftOperand), Cast(b, castB, n, Contraction.Column, ThreadScratch.Slot.RightOperand), c, m, n, k,
            bias, residual, epilogue, other);

    /// <summary>C = Aᵀ · B.</summary>
    /// <inheritdoc cref="MatrixProduct.TN"/>
    /// <param name="castA">Of a, down its columns.</param>
    /// <param name="castB">Of b, down its columns.</param>
    public static void TN(ReadOnlySpan<float> a, in OperandCast castA, ReadOnlySpan<float> b, in OperandCast castB, Span<float> c, int m, int n, int k) =>
        MatrixProduct.TN(
            Cast(a, castA, m, Contraction.Column, ThreadScratch.Slot.LeftOperand), Cast(b, castB, n, Contraction.Column, ThreadScratch.Slot.RightOperand), c, m, n, k);

    private static unsafe ReadOnlySpan<float> Cast(ReadOnlySpan<float> x, in OperandCast cast, int width, Contraction contraction, ThreadScratch.Slot slot)
    {
        if (cast.IsNone || x.IsEmpty)
        {
            return x;
        }

        // Until the product is over this thread asks for the slot no more.
        Span<float> y = new(ThreadScratch.Rent(slot, x.Length), x.Length);
        cast.Apply(x, y, width, contraction);
        return y;
    }
}
