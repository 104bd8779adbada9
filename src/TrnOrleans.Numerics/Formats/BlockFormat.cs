namespace TrnOrleans.Numerics.Formats;

/// <summary>How the scale of a block follows from the largest magnitude in it.</summary>
public enum ScaleRule
{
    /// <summary>Trainium3's QuantizeMX: 2^(⌊log2 amax⌋ − (emax − 1)). Nothing saturates, and half the largest binade stays unused.</summary>
    Trn3,

    /// <summary>OCP MX v1.0 §6.3's sample: 2^(⌊log2 amax⌋ − emax). What lies beyond the element's largest number saturates.</summary>
    Ocp,
}

/// <summary>
/// An MX format (OCP MX v1.0 §5): numbers in blocks along the contraction, of which each block has one E8M0 scale, a power of two from 2^−127 to
/// 2^127, and each number an element. A last block may be shorter: padded with zeros it would have the same scale.
/// </summary>
/// <remarks>
/// A block of zeros has the scale 2^−127. A block that holds NaN or Inf has the scale NaN (code 255), and is NaN throughout: a run that diverges
/// is not to look as if it did not.
/// </remarks>
/// <param name="Element">Of each number.</param>
/// <param name="Block">Numbers that share a scale; 32 in OCP MX v1.0 and on Trainium3.</param>
/// <param name="Rule">Of the scale.</param>
public readonly record struct BlockFormat(NumberFormat Element, int Block = BlockFormat.StandardBlock, ScaleRule Rule = ScaleRule.Trn3)
{
    /// <summary>OCP MX v1.0 §5.</summary>
    public const int StandardBlock = 32;

    /// <summary>Rows of the tensor engine, over which one of its products contracts at most (Neuron SDK 2.32 documentation).</summary>
    public const int ContractionTile = 128;

    /// <summary>Whether a block has whole vectors, and a tile of the tensor engine whole blocks.</summary>
    public static bool IsBlock(int block) => block is > 0 and <= ContractionTile && block % 16 == 0 && ContractionTile % block == 0;

    /// <summary>Exponent of the scale, from −127 to 127.</summary>
    /// <param name="largest">Largest magnitude of the block; finite.</param>
    public int ScaleExponent(float largest) => largest == 0 ? -E8M0.Bias : Math.Clamp(Math.ILogB(largest) - Below, -E8M0.Bias, E8M0.Bias);

    /// <exception cref="ArgumentException">the block is no size that there is, or elements have more than eight bits.</exception>
    internal void Check(string name)
    {
        if (!IsBlock(Block) || Element.Bits > 8)
        {
            throw new ArgumentException($"blocks have 16, 32, 64 or 128 elements of a format of at most 8 bits, not {Block} of {Element}.", name);
        }
    }

    /// <summary>How far the scale's exponent lies below that of the largest magnitude.</summary>
    internal int Below => Element.MaxExponent - (Rule == ScaleRule.Trn3 ? 1 : 0);
}
