namespace TrnOrleans.Numerics.Formats;

/// <summary>One number at a time, in plain double arithmetic: codes, and what the vector kernels must come to.</summary>
/// <remarks>
/// NaN becomes the NaN without a sign; a format without NaN makes its largest number of it, whatever the sign (as ONNX casts to FP4). When saturating, what lies
/// beyond the largest number becomes the largest, Inf too (ONNX's rule; ml_dtypes keeps Inf).
/// </remarks>
public static class FormatCode
{
    /// <summary>A number of the format.</summary>
    /// <param name="x">Any double.</param>
    /// <param name="format">The format.</param>
    /// <param name="rounding">How.</param>
    /// <param name="saturate">Whether what lies beyond the largest number becomes the largest.</param>
    /// <param name="draw">Of stochastic rounding: in [0, 1).</param>
    public static double Round(double x, NumberFormat format, Rounding rounding = Rounding.Nearest, bool saturate = true, double draw = 0)
    {
        if (double.IsNaN(x))
        {
            return format.Specials == SpecialCodes.None ? format.Max : NumberFormat.PositiveNan;
        }

        double magnitude = Math.Abs(x);
        if (!double.IsInfinity(magnitude))
        {
            int exponent = magnitude == 0 ? format.MinExponent : Math.Max(Math.ILogB(magnitude), format.MinExponent);
            double quantum = Math.ScaleB(1, exponent - format.MantissaBits);
            double whole = Math.Floor(magnitude / quantum);
            double share = (magnitude / quantum) - whole;
            bool isUp = rounding switch
            {
                Rounding.Nearest => share > 0.5 || (share == 0.5 && whole % 2 != 0),
                Rounding.Stochastic => draw < share,
                _ => false,
            };
            magnitude = (isUp ? whole + 1 : whole) * quantum;
        }

        return Math.CopySign(magnitude <= format.Max ? magnitude : saturate ? format.Max : format.Overflow, x);
    }

    /// <summary>The number of a code; bits above the format's are not looked at.</summary>
    public static float Decode(uint code, NumberFormat format)
    {
        uint mantissa = code & ((1u << format.MantissaBits) - 1);
        int exponent = (int)(code >> format.MantissaBits) & ((1 << format.ExponentBits) - 1);
        bool isNegative = ((code >> (format.Bits - 1)) & 1) != 0;
        bool isTop = exponent == (1 << format.ExponentBits) - 1;
        double magnitude =
            isTop && format.Specials == SpecialCodes.Ieee ? (mantissa == 0 ? double.PositiveInfinity : double.NaN)
            : isTop && format.Specials == SpecialCodes.OneNan && mantissa == (1u << format.MantissaBits) - 1 ? double.NaN
            : exponent == 0 ? mantissa * Math.ScaleB(1, format.MinExponent - format.MantissaBits)
            : ((1u << format.MantissaBits) + mantissa) * Math.ScaleB(1, exponent - format.Bias - format.MantissaBits);
        return (float)(isNegative ? -magnitude : magnitude);
    }

    /// <summary>The code of a number that the format has, or of what <see cref="Round"/> makes of it.</summary>
    public static uint Encode(double x, NumberFormat format, Rounding rounding = Rounding.Nearest, bool saturate = true, double draw = 0)
    {
        double rounded = Round(x, format, rounding, saturate, draw);
        uint sign = double.IsNegative(rounded) ? 1u << (format.Bits - 1) : 0;
        uint top = ((1u << format.ExponentBits) - 1) << format.MantissaBits;
        double magnitude = Math.Abs(rounded);
        if (double.IsNaN(magnitude))
        {
            return sign | (format.Specials == SpecialCodes.Ieee ? top | (1u << (format.MantissaBits - 1)) : top | ((1u << format.MantissaBits) - 1));
        }

        if (double.IsInfinity(magnitude))
        {
            return sign | top;
        }

        int exponent = magnitude == 0 ? format.MinExponent : Math.Max(Math.ILogB(magnitude), format.MinExponent);
        uint steps = (uint)(magnitude / Math.ScaleB(1, exponent - format.MantissaBits));

        // A subnormal number has steps below the hidden bit, and the exponent of the smallest normal one: the hidden bit carries into the exponent.
        return sign | (steps + ((uint)(exponent - format.MinExponent) << format.MantissaBits));
    }
}
