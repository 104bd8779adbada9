using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Attention;

/// <summary>Turns the first heads of each row by its position, in place; element i pairs with element i + half, as Hugging Face's Llama has it.</summary>
public static unsafe class Rotary
{
    /// <summary>Turns forward.</summary>
    /// <param name="rows">rows × width; row r has position r mod context.</param>
    /// <param name="width">Floats a row.</param>
    /// <param name="heads">Heads turned, from the start of the row: the queries' and the keys', not the values'.</param>
    /// <param name="context">Rows a sequence; at most the table's.</param>
    /// <param name="table">Angles.</param>
    /// <exception cref="ArgumentException">a shape does not fit.</exception>
    public static void Forward(Span<float> rows, int width, int heads, int context, RotaryTable table) =>
        Turn(rows, width, heads, context, table, 1f);

    /// <summary>Turns a gradient back: the transpose of a rotation is its inverse.</summary>
    public static void Backward(Span<float> rows, int width, int heads, int context, RotaryTable table) =>
        Turn(rows, width, heads, context, table, -1f);

    private static void Turn(Span<float> rows, int width, int heads, int context, RotaryTable table, float direction)
    {
        int count = Shape.Rows<float>(rows, width, nameof(rows));
        if (heads * 2L * table.HalfWidth > width || context > table.Context || context < 1)
        {
            throw new ArgumentException($"{heads} heads of {2 * table.HalfWidth} in rows of {width}, context {context} of {table.Context}: does not fit");
        }

        fixed (float* p = rows, cosines = table.Cosines, sines = table.Sines)
        {
            Pieces work = new()
            {
                Data = p,
                Cosines = cosines,
                Sines = sines,
                Rows = count,
                Width = width,
                Heads = heads,
                Context = context,
                Half = table.HalfWidth,
                Direction = direction,
            };
            ComputeEngine.ForEachPiece(RowBlocks.Count(count), ref work);
        }
    }

    private struct Pieces : IPieces
    {
        internal float* Data, Cosines, Sines;
        internal int Rows, Width, Heads, Context, Half;
        internal float Direction;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            Vector512<float> direction = Vector512.Create(Direction);
            int end = RowBlocks.End(piece, Rows);
            for (int row = piece * RowBlocks.Rows; row < end; row++)
            {
                float* cosines = Cosines + ((nint)(row % Context) * Half);
                float* sines = Sines + ((nint)(row % Context) * Half);
                for (int head = 0; head < Heads; head++)
                {
                    float* first = Data + ((nint)row * Width) + (head * 2 * Half);
                    float* second = first + Half;
                    for (int i = 0; i < Half; i += Lanes.Width)
                    {
                        int left = Half - i;
                        Vector512<float> c = Lanes.Load(cosines + i, left);
                        Vector512<float> s = Lanes.Load(sines + i, left) * direction;
                        Vector512<float> x = Lanes.Load(first + i, left);
                        Vector512<float> y = Lanes.Load(second + i, left);
                        Lanes.Store((x * c) - (y * s), first + i, left);
                        Lanes.Store((y * c) + (x * s), second + i, left);
                    }
                }
            }
        }
    }
}
