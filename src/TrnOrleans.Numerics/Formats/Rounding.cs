namespace TrnOrleans.Numerics.Formats;

/// <summary>Which of its two neighbours a number becomes that a format does not have.</summary>
public enum Rounding
{
    /// <summary>The nearer one; of two that are as near, the one whose last bit is 0.</summary>
    Nearest,

    /// <summary>
    /// The upper one with a probability of the share of the way that lies behind the number, so that the mean is the number. Shares are told
    /// apart to 2^−24.
    /// </summary>
    Stochastic,

    /// <summary>The one nearer to zero.</summary>
    TowardZero,
}
