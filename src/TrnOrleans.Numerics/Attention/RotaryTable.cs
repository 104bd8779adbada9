using TrnOrleans.Numerics.Elementary;

namespace TrnOrleans.Numerics.Attention;

/// <summary>Cosines and sines of the rotary angles (Su et al. 2021): position p, frequency i turn by p · θ^(−2i/width).</summary>
public sealed class RotaryTable
{
    /// <param name="context">Positions.</param>
    /// <param name="headWidth">Even.</param>
    /// <param name="theta">Base, such as 10,000; above zero.</param>
    /// <param name="scaling">Llama 3.1's stretching of long wavelengths, or null.</param>
    /// <exception cref="ArgumentException">an odd head width.</exception>
    public RotaryTable(int context, int headWidth, double theta, RotaryScaling? scaling = null)
    {
        if (headWidth % 2 != 0)
        {
            throw new ArgumentException($"rotary positions turn pairs of numbers; a head of width {headWidth} is odd", nameof(headWidth));
        }

        Context = context;
        HalfWidth = headWidth / 2;
        Cosines = new float[context * HalfWidth];
        Sines = new float[context * HalfWidth];
        for (int i = 0; i < HalfWidth; i++)
        {
            double frequency = 1 / ScalarMath.Pow(theta, 2.0 * i / headWidth);
            frequency = scaling?.Apply(frequency) ?? frequency;
            for (int position = 0; position < context; position++)
            {
                Cosines[(position * HalfWidth) + i] = (float)ScalarMath.Cos(position * frequency);
                Sines[(position * HalfWidth) + i] = (float)ScalarMath.Sin(position * frequency);
            }
        }
    }

    /// <summary>Positions in the table.</summary>
    public int Context { get; }

    /// <summary>Half the head width: the number of frequencies.</summary>
    public int HalfWidth { get; }

    /// <summary>context × half width.</summary>
    internal float[] Cosines { get; }

    /// <summary>context × half width.</summary>
    internal float[] Sines { get; }
}

/// <summary>The "llama3" rope scaling of Hugging Face's configuration: long wavelengths are slowed by a factor, short ones kept, blended between.</summary>
/// <param name="Factor">How much longer the context becomes.</param>
/// <param name="LowFrequencyFactor">Wavelengths above originalContext / this are slowed in full.</param>
/// <param name="HighFrequencyFactor">Wavelengths below originalContext / this are kept; larger than the low factor.</param>
/// <param name="OriginalContext">Positions the model was trained on first.</param>
public sealed record RotaryScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalContext)
{
    /// <summary>The frequency (radians a position) after scaling.</summary>
    public double Apply(double frequency)
    {
        double wavelength = 2 * Math.PI / frequency;
        if (wavelength > OriginalContext / LowFrequencyFactor)
        {
            return frequency / Factor;
        }

        if (wavelength < OriginalContext / HighFrequencyFactor)
        {
            return frequency;
        }

        double smooth = ((OriginalContext / wavelength) - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return ((1 - smooth) * frequency / Factor) + (smooth * frequency);
    }
}
