using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.MatrixProducts;

/// <summary>
/// The right operand of <see cref="MatrixProduct.NT"/> packed once for many products: what a weight is for all chips that use it in a
/// step. Panels of 32 columns of Bᵀ, each k × 32, the last filled with zeros.
/// </summary>
public static unsafe class PackedOperand
{
    /// <summary>Floats that b: n × k needs when packed: at most 31 · k more than it has.</summary>
    public static long Length(int n, int k) => ColumnPanels.Length(k, n);

    /// <summary>Packs b: n × k, row-major, on all compute threads; moves values and computes nothing.</summary>
    /// <param name="b">n × k.</param>
    /// <param name="packed">Length(n, k); overwritten.</param>
    /// <param name="n">Rows of b, columns of the product.</param>
    /// <param name="k">Columns of b.</param>
    /// <exception cref="ArgumentException">a span is not of the stated shape.</exception>
    public static void Pack(ReadOnlySpan<float> b, Span<float> packed, int n, int k)
    {
        Shape.Check(b, (long)n * k, nameof(b));
        Shape.Check<float>(packed, Length(n, k), nameof(packed));
        fixed (float* pb = b, pPacked = packed)
        {
            Pieces work = new() { B = pb, Packed = pPacked, N = n, K = k };
            ComputeEngine.ForEachPiece(ColumnPanels.Count(n), ref work);
        }
    }

    private struct Pieces : IPieces
    {
        internal float* B, Packed;
        internal int N, K;

        public readonly void Run(int piece)
        {
            int column = piece * MicroKernel.Columns;
            ColumnPanels.PackColumns(B, K, K, column, N, Packed + ((nint)column * K));
        }
    }
}
