using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Formats;

/// <summary>
/// Turns every sixteen neighbours of a row by the Hadamard matrix H₁₆ / 4, which is its own inverse: an outlier is spread over sixteen numbers
/// before they are quantised. When both operands of a product are turned along the contraction, its result is the same, but for rounding.
/// </summary>
/// <remarks>As in NVIDIA's recipe for FP4 (arXiv 2509.25149), without random signs. What is left of a row behind the last sixteen stays as it is.</remarks>
public static unsafe class Hadamard
{
    /// <summary>Neighbours that are turned together.</summary>
    public const int Order = 16;

    /// <summary>y = x with each row turned; rows × width, row-major; y may be x.</summary>
    /// <exception cref="ArgumentException">a span is not of the stated shape.</exception>
    public static void Rotate(ReadOnlySpan<float> x, Span<float> y, int width)
    {
        int rows = Shape.Rows(x, width, nameof(x));
        Shape.Check<float>(y, x.Length, nameof(y));
        fixed (float* px = x, py = y)
        {
            Pieces work = new() { X = px, Y = py, Rows = rows, Width = width };
            ComputeEngine.ForEachPiece(RowBlocks.Count(rows), ref work);
        }
    }

    private struct Pieces : IPieces
    {
        internal float* X, Y;
        internal int Rows, Width;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            for (int row = piece * RowBlocks.Rows; row < RowBlocks.End(piece, Rows); row++)
            {
                float* x = X + ((nint)row * Width);
                float* y = Y + ((nint)row * Width);
                int column = 0;
                for (; column + Order <= Width; column += Order)
                {
                    Turn(Vector512.Load(x + column)).Store(y + column);
                }

                new ReadOnlySpan<float>(x + column, Width - column).CopyTo(new Span<float>(y + column, Width - column));
            }
        }

        /// <summary>Four times sums and differences of lanes 1, 2, 4 and 8 apart; a quarter of it is exact.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Turn(Vector512<float> x)
        {
            x = Butterfly(x, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14), Vector512.Create(0, Sign, 0, Sign, 0, Sign, 0, Sign, 0, Sign, 0, Sign, 0, Sign, 0, Sign));
            x = Butterfly(x, Vector512.Create(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13), Vector512.Create(0, 0, Sign, Sign, 0, 0, Sign, Sign, 0, 0, Sign, Sign, 0, 0, Sign, Sign));
            x = Butterfly(x, Vector512.Create(4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11), Vector512.Create(0, 0, 0, 0, Sign, Sign, Sign, Sign, 0, 0, 0, 0, Sign, Sign, Sign, Sign));
            x = Butterfly(x, Vector512.Create(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7), Vector512.Create(0, 0, 0, 0, 0, 0, 0, 0, Sign, Sign, Sign, Sign, Sign, Sign, Sign, Sign));
            return x * Vector512.Create(0.25f);
        }

        private const int Sign = int.MinValue;

        /// <summary>Lower lanes of a pair get the sum, upper ones the difference.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Butterfly(Vector512<float> x, Vector512<int> partner, Vector512<int> minus) =>
            Vector512.Shuffle(x, partner) + (x.AsInt32() ^ minus).AsSingle();
    }
}
