using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// C = A · B in the three forms that training needs, all operands row-major. Every element of C is one chain of fused multiply-adds over
/// k in ascending order from zero, then the bias, then the residual: the same bits for any blocking, thread count and vector width.
/// </summary>
public static unsafe class MatrixProduct
{
    /// <summary>C = A · B (+ bias on every row) (+ residual).</summary>
    /// <param name="a">m × k.</param>
    /// <param name="b">k × n.</param>
    /// <param name="c">m × n; overwritten; may not overlap a, b or the residual: it holds unfinished chains before the residual is read.</param>
    /// <param name="m">Rows of C.</param>
    /// <param name="n">Columns of C.</param>
    /// <param name="k">Length of a chain; 0 gives bias + residual.</param>
    /// <param name="bias">n, or empty.</param>
    /// <param name="residual">m × n, or empty.</param>
    /// <param name="epilogue">What is done to each element last.</param>
    /// <param name="other">The epilogue's other operand, m × n, in memory of its own; empty when it has none.</param>
    /// <exception cref="ArgumentException">a span is not of the stated shape; C is untouched.</exception>
    public static void NN(
        ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int m, int n, int k,
        ReadOnlySpan<float> bias = default, ReadOnlySpan<float> residual = default, Epilogue epilogue = Epilogue.None, Span<float> other = default) =>
        Multiply(a, k, 1, b, n, 1, c, m, n, k, bias, residual, epilogue, other);

    /// <summary>C = A · Bᵀ (+ bias on every row) (+ residual); a: m × k, b: n × k, the forward product of a weight stored out × in.</summary>
    /// <exception cref="ArgumentException">a span is not of the stated shape; C is untouched.</exception>
    public static void NT(
        ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int m, int n, int k,
        ReadOnlySpan<float> bias = default, ReadOnlySpan<float> residual = default, Epilogue epilogue = Epilogue.None, Span<float> other = default) =>
        Multiply(a, k, 1, b, 1, k, c, m, n, k, bias, residual, epilogue, other);

    /// <summary>As <see cref="NT"/>, the same bits, with b packed by <see cref="PackedOperand"/>.</summary>
    /// <exception cref="ArgumentException">a span is not of the stated shape; C is untouched.</exception>
    public static void NTPacked(
        ReadOnlySpan<float> a, ReadOnlySpan<float> packed, Span<float> c, int m, int n, int k,
        ReadOnlySpan<float> bias = default, ReadOnlySpan<float> residual = default, Epilogue epilogue = Epilogue.None, Span<float> other = default)
    {
        Shape.Check(packed, PackedOperand.Length(n, k), nameof(packed));
        Multiply(a, k, 1, packed, MicroKernel.Columns, 1, c, m, n, k, bias, residual, epilogue, other, packed: true);
    }

    /// <summary>C = Aᵀ · B (+ residual); a: k × m, b: k × n, the gradient of a weight.</summary>
    /// <exception cref="ArgumentException">a span is not of the stated shape; C is untouched.</exception>
    public static void TN(
        ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, int m, int n, int k,
        ReadOnlySpan<float> residual = default) =>
        Multiply(a, 1, m, b, n, 1, c, m, n, k, default, residual, Epilogue.None, default);

    private static void Multiply(
        ReadOnlySpan<float> a, nint aRow, nint aStep, ReadOnlySpan<float> b, nint bStep, nint bColumn,
        Span<float> c, int m, int n, int k, ReadOnlySpan<float> bias, ReadOnlySpan<float> residual, Epilogue epilogue, Span<float> other,
        bool packed = false)
    {
        Shape.Check(a, (long)m * k, nameof(a));
        if (!packed)
        {
            Shape.Check(b, (long)n * k, nameof(b));
        }

        Shape.Check(c, (long)m * n, nameof(c));
        Shape.CheckOptional(bias, n, nameof(bias));
        Shape.CheckOptional(residual, (long)m * n, nameof(residual));
        if (c.Overlaps(residual))
        {
            throw new ArgumentException("the residual is read after C has been written; it needs memory of its own", nameof(residual));
        }

        Shape.Check<float>(other, epilogue is Epilogue.None or Epilogue.Relu ? 0 : (long)m * n, nameof(other));
        if (c.Overlaps(other) || (epilogue == Epilogue.Gelu && (other.Overlaps(a) || other.Overlaps(b) || other.Overlaps(bias) || other.Overlaps(residual))))
        {
            throw new ArgumentException("the epilogue reads or writes it while the product is computed; it needs memory of its own", nameof(other));
        }

        if (m == 0 || n == 0)
        {
            return;
        }

        fixed (float* pa = a, pb = b, pc = c, pBias = bias, pResidual = residual, pOther = other)
        {
            Operands operands = new()
            {
                M = m,
                N = n,
                K = k,
                A = pa,
                ARow = aRow,
                AStep = aStep,
                B = pb,
                BStep = bStep,
                BColumn = bColumn,
                IsPacked = packed,
                C = pc,
                Bias = bias.IsEmpty ? null : pBias,
                Residual = residual.IsEmpty ? null : pResidual,
                Epilogue = epilogue,
                Other = pOther,
            };
            if (FewRowsProduct.Suits(operands))
            {
                FewRowsProduct.Run(operands);
                return;
            }

            BlockedProduct product = new() { Operands = operands };
            product.Run();
        }
    }
}
