using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Bits;

/// <summary>Every format under every rounding, blocks both ways, codes there and back, and products of what comes out.</summary>
internal static class FormatBits
{
    private const int Rows = 149;
    private const int Width = 177;

    internal static void AddTo(DigestList list)
    {
        float[] x = list.Input(Rows * Width, -6, 6);
        float[] y = new float[x.Length];
        CounterRandom random = new(9, RandomUse.Rounding, 3, 5);
        foreach (Rounding rounding in Enum.GetValues<Rounding>())
        {
            foreach (OperandFormat format in OperandFormat.All)
            {
                OperandCast cast = new(format) { Rounding = rounding, Random = random, FirstRow = 7, Saturates = true };
                foreach (Contraction contraction in Enum.GetValues<Contraction>())
                {
                    cast.Apply(x, y, Width, contraction);
                    list.Add($"{format}.{rounding}.{contraction}", y);
                }
            }
        }

        Hadamard.Rotate(x, y, Width);
        list.Add("Hadamard", y);
        byte[] codes = new byte[x.Length];
        foreach (NumberFormat format in NumberFormat.All.Where(f => f.Bits <= 8))
        {
            FormatCodec.Encode(x, codes, format);
            FormatCodec.Decode(codes, y, format);
            list.Add($"{format}.codes", y);
        }

        byte[] scales = new byte[Rows * BlockCodec.Blocks(Width, new BlockFormat(NumberFormat.Fp4E2M1))];
        BlockCodec.Quantize(x, codes, scales, Width, new BlockFormat(NumberFormat.Fp4E2M1));
        BlockCodec.Dequantize(codes, scales, y, Width, new BlockFormat(NumberFormat.Fp4E2M1));
        list.Add("mxfp4.codes", y);

        OperandCast mx = new(OperandFormat.Find("mxfp8_e4m3")!);
        const int columns = 64;
        float[] weight = list.Input(columns * Width);
        float[] product = new float[Rows * columns];
        QuantizedProduct.NT(x, mx, weight, mx, product, Rows, columns, Width);
        list.Add("QuantizedProduct.NT", product);
        float[] gradient = new float[columns * Width];
        QuantizedProduct.TN(product, mx, x, mx, gradient, columns, Width, Rows);
        list.Add("QuantizedProduct.TN", gradient);
    }
}
