using System.Runtime.InteropServices;
using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Measuring;

/// <summary>Conversions between formats: floats to numbers of a format, to codes, and back.</summary>
internal static class FormatCases
{
    private const int Width = 1024;
    private const int Rows = 8192;
    private const int Length = Rows * Width;

    internal static IEnumerable<(KernelName Name, Func<KernelCase> Create)> All()
    {
        yield return Cast("bf16", "nearest", "bf16", Contraction.Row);
        yield return Cast("bf16", "stochastic", "bf16", Contraction.Row, Rounding.Stochastic);
        yield return Cast("tf32", "nearest", "tf32", Contraction.Row);
        yield return Cast("fp8", "nearest", "fp8_e4m3fn", Contraction.Row);
        yield return Cast("mxfp8", "rows", "mxfp8_e4m3", Contraction.Row);
        yield return Cast("mxfp8", "columns", "mxfp8_e4m3", Contraction.Column);
        yield return Cast("mxfp4", "rows", "mxfp4_e2m1", Contraction.Row);
        yield return Cast("mxfp4", "stochastic", "mxfp4_e2m1", Contraction.Row, Rounding.Stochastic);
        BlockFormat mxfp8 = new(NumberFormat.Fp8E4M3Fn);
        const int scaleBytes = Rows * (Width / BlockFormat.StandardBlock);
        yield return Case("mxfp8", "quantize", 5, b => () => BlockCodec.Quantize(b[0].Span(), Bytes(b[1], Length), Bytes(b[2], scaleBytes), Width, mxfp8));
        yield return Case("mxfp8", "dequantize", 5, b => () => BlockCodec.Dequantize(Bytes(b[1], Length), Bytes(b[2], scaleBytes), b[0].Span(), Width, mxfp8));
        yield return Case("bf16", "encode", 6, b => () => FormatCodec.Encode(b[0].Span(), MemoryMarshal.Cast<float, ushort>(b[1].Span())[..Length], NumberFormat.Bf16));
        yield return Case("bf16", "decode", 6, b => () => FormatCodec.Decode(MemoryMarshal.Cast<float, ushort>(b[1].Span())[..Length], b[0].Span(), NumberFormat.Bf16));
        yield return Case("fp8", "encode", 5, b => () => FormatCodec.Encode(b[0].Span(), Bytes(b[1], Length), NumberFormat.Fp8E4M3Fn));
        yield return Case("fp8", "decode", 5, b => () => FormatCodec.Decode(Bytes(b[1], Length), b[0].Span(), NumberFormat.Fp8E4M3Fn));
    }

    private static Span<byte> Bytes(AlignedBuffer buffer, int length) => MemoryMarshal.AsBytes(buffer.Span())[..length];

    private static (KernelName Name, Func<KernelCase> Create) Cast(string kernel, string form, string format, Contraction contraction, Rounding rounding = Rounding.Nearest)
    {
        OperandCast cast = new(OperandFormat.Find(format)!) { Rounding = rounding, Random = new CounterRandom(1, RandomUse.Rounding) };
        return Case(kernel, form, 2 * sizeof(float), b => () => cast.Apply(b[0].Span(), b[1].Span(), Width, contraction));
    }

    private static (KernelName Name, Func<KernelCase> Create) Case(string kernel, string form, int bytes, Func<AlignedBuffer[], Action> run)
    {
        KernelName name = new(kernel, form, [("rows", Rows), ("width", Width)], KernelBound.Memory, (double)bytes * Length);
        return (name, () =>
        {
            AlignedBuffer[] operands = [Operand.Of(Length), Operand.Of(Length), Operand.Of(Length / sizeof(float))];
            return new KernelCase(name, operands, run(operands));
        }
        );
    }
}
