namespace TrnOrleans.Numerics.Formats;

/// <summary>The scale of an MX block: eight bits of exponent, no sign, no mantissa (OCP MX v1.0 §5.4.1). Codes 0 … 254 are 2^−127 … 2^127, 255 is NaN.</summary>
public static class E8M0
{
    /// <summary>Exponent of code 127 is 0.</summary>
    public const int Bias = 127;

    /// <summary>The code that is NaN.</summary>
    public const byte Nan = 255;

    /// <summary>The code of 2^exponent.</summary>
    /// <exception cref="ArgumentOutOfRangeException">the exponent is not from −127 to 127.</exception>
    public static byte Encode(int exponent)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exponent, -Bias);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(exponent, Bias);
        return (byte)(exponent + Bias);
    }

    /// <summary>The power of two of a code; 2^−127 is a subnormal float.</summary>
    public static float Decode(byte code) => code == Nan ? NumberFormat.PositiveNan : BitConverter.Int32BitsToSingle(code == 0 ? 1 << 22 : code << 23);
}
