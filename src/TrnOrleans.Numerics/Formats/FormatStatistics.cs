namespace TrnOrleans.Numerics.Formats;

/// <summary>What a format did to a tensor.</summary>
/// <param name="Count">Numbers.</param>
/// <param name="Saturated">That were beyond the largest number of the format, at their scale.</param>
/// <param name="Flushed">That became zero, and were not.</param>
/// <param name="Largest">Largest magnitude; NaN where there was one.</param>
/// <param name="Signal">Sum of squares.</param>
/// <param name="Noise">Sum of squared differences.</param>
public readonly record struct FormatStatistics(long Count, long Saturated, long Flushed, double Largest, double Signal, double Noise)
{
    /// <summary>Signal to quantisation noise, in decibels: 10 · log10 of the powers' ratio; infinite when nothing was rounded.</summary>
    public double SqnrDecibels => Noise == 0 ? double.PositiveInfinity : 10 * Elementary.ScalarMath.Log(Signal / Noise) / Elementary.ScalarMath.Log(10);

    /// <summary>Compares a tensor with what a cast makes of it. One number at a time: for now and then.</summary>
    /// <param name="x">rows × width, row-major.</param>
    /// <param name="scratch">As long; overwritten.</param>
    /// <param name="width">Of a row.</param>
    /// <param name="contraction">Where blocks lie.</param>
    /// <param name="cast">What is done to it; turned operands are compared after they were turned.</param>
    public static FormatStatistics Of(ReadOnlySpan<float> x, Span<float> scratch, int width, Contraction contraction, OperandCast cast)
    {
        float[]? turned = null;
        if (cast.Rotates)
        {
            turned = new float[x.Length];
            Hadamard.Rotate(x, turned, width);
            x = turned;
            cast = cast with { Rotates = false };
        }

        cast.Apply(x, scratch, width, contraction);
        double tensorMax = cast.Format.Element.Max;
        if (cast.Format.Scale == OperandScale.Tensor)
        {
            tensorMax = Math.ScaleB(cast.Format.Element.Max, TensorScale.Exponent(TensorScale.Largest(x), cast.Format.Element));
        }

        BlockFormat blocks = new(cast.Format.Element, cast.Block, cast.Rule);
        int rows = x.Length / width;
        FormatStatistics sum = default;
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < width; column++)
            {
                int i = (row * width) + column;
                double max = cast.Format.Scale == OperandScale.Block ? BlockMax(x, rows, width, row, column, contraction, blocks) : tensorMax;
                sum = sum.With(x[i], scratch[i], max);
            }
        }

        return sum;
    }

    private FormatStatistics With(float x, float y, double max)
    {
        double magnitude = Math.Abs((double)x);
        double difference = (double)x - y;
        return new FormatStatistics(
            Count + 1, Saturated + (magnitude > max ? 1 : 0), Flushed + (y == 0 && x != 0 ? 1 : 0), double.IsNaN(Largest) ? Largest : magnitude > Largest || double.IsNaN(magnitude) ? magnitude : Largest,
            Signal + ((double)x * x), Noise + (difference * difference));
    }

    private static double BlockMax(ReadOnlySpan<float> x, int rows, int width, int row, int column, Contraction contraction, BlockFormat format)
    {
        bool isRow = contraction == Contraction.Row;
        int first = (isRow ? column : row) / format.Block * format.Block;
        int end = Math.Min(isRow ? width : rows, first + format.Block);
        float largest = 0;
        for (int i = first; i < end; i++)
        {
            largest = MathF.Max(largest, MathF.Abs(x[isRow ? (row * width) + i : (i * width) + column]));
        }

        return float.IsFinite(largest) ? Math.ScaleB(format.Element.Max, format.ScaleExponent(largest)) : double.PositiveInfinity;
    }
}
