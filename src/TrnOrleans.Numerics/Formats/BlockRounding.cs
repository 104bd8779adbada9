using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Formats;

/// <summary>
/// Matrices to numbers of an MX format, kept as floats: quantised and dequantised in one pass. Blocks lie along the rows or down the columns,
/// whichever a product contracts. Bound by memory, and down the columns by the cache.
/// </summary>
/// <remarks>
/// The scale is a power of two, so that an element's step at its scale is a step of the scaled number: nothing is divided, and each number is
/// rounded once. Blocks whose exponents come near a float's ends go through <see cref="FormatCode"/>, one by one.
/// </remarks>
public static unsafe class BlockRounding
{
    /// <summary>y = x with blocks along each row.</summary>
    /// <param name="x">rows × width, row-major.</param>
    /// <param name="y">rows × width; may be x.</param>
    /// <param name="width">Of a row.</param>
    /// <param name="format">Of y.</param>
    /// <param name="rounding">How elements are rounded.</param>
    /// <param name="random">Seed, tensor and step of stochastic rounding.</param>
    /// <param name="firstRow">Index of the first row in the tensor, of stochastic rounding.</param>
    /// <exception cref="ArgumentException">a span is not of the stated shape, or the block is no size that there is.</exception>
    public static void Rows(
        ReadOnlySpan<float> x, Span<float> y, int width, BlockFormat format, Rounding rounding = Rounding.Nearest, CounterRandom random = default, long firstRow = 0) =>
        Run(x, y, width, format, rounding, random, firstRow, down: false);

    /// <summary>y = x with blocks down each column, of rows 0 … Block − 1, and so on.</summary>
    /// <inheritdoc cref="Rows"/>
    public static void Columns(
        ReadOnlySpan<float> x, Span<float> y, int width, BlockFormat format, Rounding rounding = Rounding.Nearest, CounterRandom random = default, long firstRow = 0) =>
        Run(x, y, width, format, rounding, random, firstRow, down: true);

    private static void Run(
        ReadOnlySpan<float> x, Span<float> y, int width, BlockFormat format, Rounding rounding, CounterRandom random, long firstRow, bool down)
    {
        int rows = Shape.Rows(x, width, nameof(x));
        Shape.Check<float>(y, x.Length, nameof(y));
        format.Check(nameof(format));
        fixed (float* px = x, py = y)
        {
            BlockMatrix blocks = new(px, py, rows, width, format, random, firstRow);
            switch (rounding)
            {
                case Rounding.Nearest:
                    Run<NearestElement>(blocks, down);
                    break;
                case Rounding.Stochastic:
                    Run<StochasticElement>(blocks, down);
                    break;
                default:
                    Run<TowardZeroElement>(blocks, down);
                    break;
            }
        }
    }

    private static void Run<TElement>(in BlockMatrix blocks, bool down)
        where TElement : struct, IBlockElement
    {
        if (down)
        {
            BlockColumnPieces<TElement> work = new() { Blocks = blocks };
            ComputeEngine.ForEachPiece(blocks.BlockRows, ref work, blocks.WorthHelp);
        }
        else
        {
            BlockRowPieces<TElement> work = new() { Blocks = blocks, RowsPerPiece = Math.Max(1, ElementBlocks.Length / blocks.Width) };
            ComputeEngine.ForEachPiece((blocks.Rows + work.RowsPerPiece - 1) / work.RowsPerPiece, ref work, blocks.WorthHelp);
        }
    }
}
