namespace TrnOrleans.Numerics.Formats;

/// <summary>What an operand's numbers are multiples of.</summary>
public enum OperandScale
{
    /// <summary>Themselves: the format alone says which numbers there are.</summary>
    None,

    /// <summary>One power of two for a tensor.</summary>
    Tensor,

    /// <summary>One power of two for each block along the contraction.</summary>
    Block,
}

/// <summary>The format of an operand of a product: of its numbers, and of their scales.</summary>
/// <param name="Name">What recipes call it, such as "bf16", "scaled_fp8_e4m3fn" or "mxfp8_e4m3".</param>
/// <param name="Element">Of its numbers.</param>
/// <param name="Scale">Of their scales.</param>
public sealed record OperandFormat(string Name, NumberFormat Element, OperandScale Scale)
{
    /// <summary>As it is.</summary>
    public static readonly OperandFormat Fp32 = new("fp32", NumberFormat.Fp32, OperandScale.None);

    /// <summary>All that recipes can name.</summary>
    public static IReadOnlyList<OperandFormat> All { get; } =
    [
        Fp32,
        .. NumberFormat.All.Skip(1).Select(f => new OperandFormat(f.Name, f, OperandScale.None)),
        .. NumberFormat.All.Where(f => f.Bits == 8).Select(f => new OperandFormat($"scaled_{f.Name}", f, OperandScale.Tensor)),
        new("mxfp8_e4m3", NumberFormat.Fp8E4M3Fn, OperandScale.Block),
        new("mxfp8_e5m2", NumberFormat.Fp8E5M2, OperandScale.Block),
        new("mxfp6_e3m2", NumberFormat.Fp6E3M2, OperandScale.Block),
        new("mxfp6_e2m3", NumberFormat.Fp6E2M3, OperandScale.Block),
        new("mxfp4_e2m1", NumberFormat.Fp4E2M1, OperandScale.Block),
    ];

    /// <summary>Whether it leaves every float as it is.</summary>
    public bool IsExact => Element.MantissaBits == NumberFormat.Fp32.MantissaBits;

    /// <summary>Whether a number's fate depends on that number alone.</summary>
    public bool IsElementWise => Scale == OperandScale.None;

    /// <summary>Bits of a number on the chip, its share of a block's scale with it.</summary>
    /// <param name="block">Numbers that share a scale.</param>
    public double BitsPerNumber(int block = BlockFormat.StandardBlock) =>
        (Element == NumberFormat.Tf32 ? 32 : Element.Bits) + (Scale == OperandScale.Block ? 8.0 / block : 0);

    /// <summary>By name; null where there is none.</summary>
    public static OperandFormat? Find(string name) => All.FirstOrDefault(f => f.Name == name);

    public override string ToString() => Name;
}
