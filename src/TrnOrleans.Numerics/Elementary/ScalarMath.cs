namespace TrnOrleans.Numerics.Elementary;

/// <summary>exp, log, sin, cos and powers of doubles, made of IEEE operations in a fixed order, for tables, schedules and random numbers.</summary>
/// <remarks>Error of a few ulp of double; not for hot loops. libm is not used because its last bit differs between machines.</remarks>
public static class ScalarMath
{
    private const double LogOf2High = 6.93147180369123816490e-01;
    private const double LogOf2Low = 1.90821492927058770002e-10;

    /// <summary>e^x; 0 below −745, +∞ above 709.7.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x))
        {
            return x;
        }

        if (x > 709.782712893384)
        {
            return double.PositiveInfinity;
        }

        if (x < -745.2)
        {
            return 0;
        }

        double n = Math.Round(x * 1.4426950408889634);
        double r = x - (n * LogOf2High) - (n * LogOf2Low);
        double sum = 1;
        for (int k = 18; k >= 1; k--)
        {
            sum = 1 + (r * sum / k);
        }

        return Math.ScaleB(sum, (int)n);
    }

    /// <summary>Natural logarithm; −∞ at 0, NaN below 0.</summary>
    public static double Log(double x)
    {
        if (double.IsNaN(x) || x < 0)
        {
            return double.NaN;
        }

        if (x == 0 || double.IsPositiveInfinity(x))
        {
            return x == 0 ? double.NegativeInfinity : x;
        }

        int e = Math.ILogB(x);
        double m = Math.ScaleB(x, -e);
        if (m > 1.4142135623730951)
        {
            m /= 2;
            e++;
        }

        // log m = 2 artanh((m − 1)/(m + 1)); the argument is under 0.172, twelve terms reach 1e-19.
        double s = (m - 1) / (m + 1);
        double z = s * s;
        double sum = 0;
        for (int k = 25; k >= 1; k -= 2)
        {
            sum = (sum * z) + (1.0 / k);
        }

        return (e * LogOf2High) + ((2 * s * sum) + (e * LogOf2Low));
    }

    /// <summary>base^exponent for a positive base.</summary>
    public static double Pow(double value, double exponent) => Exp(exponent * Log(value));

    /// <summary>base^exponent by squaring; exact order, so the same bits everywhere.</summary>
    public static double Pow(double value, long exponent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(exponent);
        double result = 1;
        for (double square = value; exponent > 0; exponent >>= 1, square *= square)
        {
            if ((exponent & 1) != 0)
            {
                result *= square;
            }
        }

        return result;
    }

    /// <summary>Sine of x radians, |x| up to 2^20 with an error under 1e-13.</summary>
    public static double Sin(double x) => Quadrant(x, 0);

    /// <summary>Cosine of x radians, |x| up to 2^20 with an error under 1e-13.</summary>
    public static double Cos(double x) => Quadrant(x, 1);

    private static double Quadrant(double x, int shift)
    {
        // π/2 in three parts (Cody and Waite), so that the reduction loses nothing for moderate x.
        double n = Math.Round(x * 0.63661977236758134308);
        double r = x - (n * 1.57079632673412561417e+00);
        r -= n * 6.07710050630396597660e-11;
        r -= n * 2.02226624879595063154e-21;
        long quadrant = ((long)n + shift) & 3;
        double value = (quadrant & 1) == 0 ? SineSeries(r) : CosineSeries(r);
        return quadrant >= 2 ? -value : value;
    }

    private static double SineSeries(double r)
    {
        double z = r * r;
        double sum = 1;
        for (int k = 20; k >= 2; k -= 2)
        {
            sum = 1 - (z * sum / (k * (k + 1)));
        }

        return r * sum;
    }

    private static double CosineSeries(double r)
    {
        double z = r * r;
        double sum = 1;
        for (int k = 20; k >= 2; k -= 2)
        {
            sum = 1 - (z * sum / (k * (k - 1)));
        }

        return sum;
    }
}
