using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Collectives;

/// <summary>
/// The format of gradients between chips. Whatever meets another's gradient, or partial sum, goes through the format first, both of them;
/// they are added in FP32; and the sum over all goes through it once more before everybody gets it. So it is no part of the result who sent
/// to whom, or whether a wire was between them.
/// </summary>
public sealed class WireFormat
{
    /// <summary>As it is.</summary>
    public static readonly WireFormat Fp32 = new(NumberFormat.Fp32);

    /// <summary>The upper half, nearest even.</summary>
    public static readonly WireFormat Bf16 = new(NumberFormat.Bf16);

    private readonly NumberFormat _format;

    private WireFormat(NumberFormat format) => _format = format;

    /// <summary>Bytes of a number.</summary>
    public int Bytes => _format.Bits / 8;

    /// <summary>By the format.</summary>
    /// <exception cref="ArgumentException">neither FP32 nor BF16.</exception>
    public static WireFormat Of(NumberFormat format) =>
        format == NumberFormat.Fp32 ? Fp32 : format == NumberFormat.Bf16 ? Bf16 : throw new ArgumentException($"gradients travel in fp32 or bf16, not in {format}", nameof(format));

    /// <summary>Two that meet: the sum goes into the target.</summary>
    internal void Add(Span<float> target, ReadOnlySpan<float> source)
    {
        if (this == Fp32)
        {
            VectorSum.AddInto(target, source);
        }
        else
        {
            VectorSum.AddBf16Into(target, source);
        }
    }

    /// <summary>What is about to travel, where it lies.</summary>
    internal void Round(Span<float> values) => FormatRounding.Round(values, values, _format, saturate: false);
}
