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

    /// <summary>
    /// Both products of a linear layer's backward pass: the gradient of the weight, dYᵀ · X, and of the input, dY · W. A gradient without blocks is
    /// cast once for both, as a chip does that keeps it so; blocks lie along its rows for one and down its columns for the other.
    /// </summary>
    /// <param name="gradient">dY: rows × outputs.</param>
    /// <param name="castGradient">Of dY.</param>
    /// <param name="input">X: rows × inputs.</param>
    /// <param name="castInput">Of X, down its columns.</param>
    /// <param name="weightGradient">outputs × inputs; overwritten.</param>
    /// <param name="weight">W: outputs × inputs.</param>
    /// <param name="castWeight">Of W, down its columns.</param>
    /// <param name="inputGradient">rows × inputs, overwritten; or empty when nobody wants it.</param>
    /// <param name="rows">Rows of the micro-batch.</param>
    /// <param name="outputs">Of the layer.</param>
    /// <param name="inputs">Of the layer.</param>
    /// <param name="epilogue">What is done to each element of the input's gradient last.</param>
    /// <param name="other">The epilogue's other operand, rows × inputs; empty when it has none.</param>
    /// <exception cref="ArgumentException">a span is not of the stated shape.</exception>
    public static void Backward(
        ReadOnlySpan<float> gradient, in OperandCast castGradient, ReadOnlySpan<float> input, in OperandCast castInput, Span<float> weightGradient,
        ReadOnlySpan<float> weight, in OperandCast castWeight, Span<float> inputGradient, int rows, int outputs, int inputs,
        Epilogue epilogue = Epilogue.None, Span<float> other = default)
    {
        bool isOnce = castGradient.Format.Scale != OperandScale.Block;
        ReadOnlySpan<float> down = Cast(gradient, castGradient, outputs, isOnce ? Contraction.Row : Contraction.Column, ThreadScratch.Slot.LeftOperand);
        MatrixProduct.TN(down, Cast(input, castInput, inputs, Contraction.Column, ThreadScratch.Slot.RightOperand), weightGradient, outputs, inputs, rows);
        if (!inputGradient.IsEmpty)
        {
            ReadOnlySpan<float> along = isOnce ? down : Cast(gradient, castGradient, outputs, Contraction.Row, ThreadScratch.Slot.LeftOperand);
            MatrixProduct.NN(
                along, Cast(weight, castWeight, inputs, Contraction.Column, ThreadScratch.Slot.RightOperand), inputGradient, rows, inputs, outputs,
                epilogue: epilogue, other: other);
        }
    }

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
