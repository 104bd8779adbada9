namespace TrnOrleans.Numerics.Formats;

/// <summary>What the codes with the largest exponent mean.</summary>
public enum SpecialCodes
{
    /// <summary>As in IEEE 754: Inf with mantissa 0, else NaN.</summary>
    Ieee,

    /// <summary>Numbers, but for the last one, which is NaN; no Inf ("fn": finite, NaN).</summary>
    OneNan,

    /// <summary>Numbers: neither Inf nor NaN.</summary>
    None,
}

/// <summary>
/// A binary floating-point format with sign, exponent and mantissa: which numbers it has. FP8 of two kinds each and TF32 beside IEEE's, and the
/// elements of OCP MX v1.0 §5.3.
/// </summary>
/// <param name="Name">As the field writes it.</param>
/// <param name="ExponentBits">Width of the exponent.</param>
/// <param name="MantissaBits">Width of the mantissa, without the hidden bit.</param>
/// <param name="Bias">Of the exponent.</param>
/// <param name="Specials">What the codes with the largest exponent mean.</param>
public sealed record NumberFormat(string Name, int ExponentBits, int MantissaBits, int Bias, SpecialCodes Specials)
{
    /// <summary>IEEE binary32: every float as it is.</summary>
    public static readonly NumberFormat Fp32 = new("fp32", 8, 23, 127, SpecialCodes.Ieee);

    /// <summary>FP32's exponent, FP16's mantissa: 19 bits.</summary>
    public static readonly NumberFormat Tf32 = new("tf32", 8, 10, 127, SpecialCodes.Ieee);

    /// <summary>The upper half of FP32.</summary>
    public static readonly NumberFormat Bf16 = new("bf16", 8, 7, 127, SpecialCodes.Ieee);

    /// <summary>IEEE binary16; largest 65,504.</summary>
    public static readonly NumberFormat Fp16 = new("fp16", 5, 10, 15, SpecialCodes.Ieee);

    /// <summary>E4M3 as Trainium2 has it, with Inf; largest 240.</summary>
    public static readonly NumberFormat Fp8E4M3 = new("fp8_e4m3", 4, 3, 7, SpecialCodes.Ieee);

    /// <summary>E4M3 as Trainium3 and OCP have it, without Inf; largest 448.</summary>
    public static readonly NumberFormat Fp8E4M3Fn = new("fp8_e4m3fn", 4, 3, 7, SpecialCodes.OneNan);

    /// <summary>E5M2; largest 57,344.</summary>
    public static readonly NumberFormat Fp8E5M2 = new("fp8_e5m2", 5, 2, 15, SpecialCodes.Ieee);

    /// <summary>E3M2; largest 28.</summary>
    public static readonly NumberFormat Fp6E3M2 = new("fp6_e3m2", 3, 2, 3, SpecialCodes.None);

    /// <summary>E2M3; largest 7.5.</summary>
    public static readonly NumberFormat Fp6E2M3 = new("fp6_e2m3", 2, 3, 1, SpecialCodes.None);

    /// <summary>E2M1; largest 6.</summary>
    public static readonly NumberFormat Fp4E2M1 = new("fp4_e2m1", 2, 1, 1, SpecialCodes.None);

    /// <summary>All of them, the widest first.</summary>
    public static IReadOnlyList<NumberFormat> All { get; } = [Fp32, Tf32, Bf16, Fp16, Fp8E4M3, Fp8E4M3Fn, Fp8E5M2, Fp6E3M2, Fp6E2M3, Fp4E2M1];

    /// <summary>Bits of a code: sign, exponent, mantissa.</summary>
    public int Bits => 1 + ExponentBits + MantissaBits;

    /// <summary>Exponent of the smallest normal number.</summary>
    public int MinExponent => 1 - Bias;

    /// <summary>Exponent of the largest number ("emax" in OCP MX v1.0).</summary>
    public int MaxExponent => (1 << ExponentBits) - (Specials == SpecialCodes.Ieee ? 2 : 1) - Bias;

    /// <summary>The largest number.</summary>
    public float Max => (float)((2 - Math.ScaleB(1, -MantissaBits) * (Specials == SpecialCodes.OneNan ? 2 : 1)) * Math.ScaleB(1, MaxExponent));

    /// <summary>The smallest number above zero.</summary>
    public float Smallest => (float)Math.ScaleB(1, MinExponent - MantissaBits);

    /// <summary>Whether it has FP32's exponent: then rounding only cuts the mantissa.</summary>
    public bool IsWide => ExponentBits == 8;

    /// <summary>What a number beyond the largest becomes when nothing saturates: Inf, or NaN where there is none, or the largest where there is neither.</summary>
    public float Overflow => Specials switch { SpecialCodes.Ieee => float.PositiveInfinity, SpecialCodes.OneNan => PositiveNan, _ => Max };

    /// <summary>What every NaN becomes: .NET's own has its sign bit set.</summary>
    internal static float PositiveNan => BitConverter.Int32BitsToSingle(0x7FC00000);

    public override string ToString() => Name;
}
