using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Formats;

/// <summary>Along which side of a row-major matrix a product contracts, and so blocks lie.</summary>
public enum Contraction
{
    /// <summary>Along its rows.</summary>
    Row,

    /// <summary>Down its columns.</summary>
    Column,
}

/// <summary>How an operand gets into its format.</summary>
public readonly record struct OperandCast(OperandFormat Format)
{
    /// <summary>As it is.</summary>
    public static readonly OperandCast None = new(OperandFormat.Fp32);

    /// <summary>Of each number.</summary>
    public Rounding Rounding { get; init; }

    /// <summary>Numbers that share a scale, where blocks have one.</summary>
    public int Block { get; init; } = BlockFormat.StandardBlock;

    /// <summary>Of a block's scale.</summary>
    public ScaleRule Rule { get; init; }

    /// <summary>Whether what lies beyond the largest number of a format without scales becomes the largest; else Inf or NaN.</summary>
    public bool Saturates { get; init; }

    /// <summary>Whether sixteen neighbours at a time are turned before; the other operand must be, too.</summary>
    public bool Rotates { get; init; }

    /// <summary>Of stochastic rounding: seed, tensor, step.</summary>
    public CounterRandom Random { get; init; }

    /// <summary>Of stochastic rounding: index of the first row in the tensor.</summary>
    public long FirstRow { get; init; }

    /// <summary>Whether the operand stays as it is.</summary>
    public bool IsNone => Format.IsExact && !Rotates;

    /// <summary>y = x in its format.</summary>
    /// <param name="x">rows × width, row-major.</param>
    /// <param name="y">rows × width; may be x.</param>
    /// <param name="width">Of a row.</param>
    /// <param name="contraction">Where blocks lie.</param>
    /// <exception cref="ArgumentException">a span is not of the stated shape; or rows are to be turned that nothing contracts along.</exception>
    public void Apply(ReadOnlySpan<float> x, Span<float> y, int width, Contraction contraction)
    {
        if (Rotates)
        {
            if (contraction != Contraction.Row)
            {
                throw new ArgumentException("only rows are turned.", nameof(contraction));
            }

            Hadamard.Rotate(x, y, width);
            x = y;
        }

        // Rows of a tensor never share a number, whatever their width.
        ulong firstIndex = (ulong)FirstRow * (ulong)((width + 63) / 64 * 64);
        switch (Format.Scale)
        {
            case OperandScale.None:
                FormatRounding.Round(x, y, Format.Element, Rounding, Saturates, Random, firstIndex);
                break;
            case OperandScale.Tensor:
                TensorScale.Round(x, y, Format.Element, Rounding, Random, firstIndex);
                break;
            default:
                BlockFormat format = new(Format.Element, Block, Rule);
                if (contraction == Contraction.Row)
                {
                    BlockRounding.Rows(x, y, width, format, Rounding, Random, FirstRow);
                }
                else
                {
                    BlockRounding.Columns(x, y, width, format, Rounding, Random, FirstRow);
                }

                break;
        }
    }
}
