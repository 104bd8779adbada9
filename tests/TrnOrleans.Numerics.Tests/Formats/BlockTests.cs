using CsCheck;
using TrnOrleans.Numerics.Formats;

namespace TrnOrleans.Numerics.Tests.Formats;

/// <summary>MX blocks against a plain reading of OCP MX v1.0: the scale, then each number divided by it and looked up in the list.</summary>
public sealed class BlockTests
{
    public static TheoryData<string> Names => [.. FormatTable.All.Where(t => t.Format.Bits <= 8).Select(t => t.Format.Name)];

    /// <summary>Published: the largest magnitude, and the exponent of the scale under each rule.</summary>
    [Theory]
    [InlineData(1.0f, -8, -7)]
    [InlineData(1.9f, -8, -7)]
    [InlineData(3.5f, -7, -6)]
    [InlineData(448f, 0, 1)]
    [InlineData(500f, 0, 1)]
    [InlineData(0f, -127, -127)]
    public void Scales_are_those_that_were_published(float largest, int ocp, int trn3)
    {
        Assert.Equal(ocp, new BlockFormat(NumberFormat.Fp8E4M3Fn, Rule: ScaleRule.Ocp).ScaleExponent(largest));
        Assert.Equal(trn3, new BlockFormat(NumberFormat.Fp8E4M3Fn).ScaleExponent(largest));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Random_and_hostile_blocks_are_as_defined(string name) => Matrices.Sample(matrix =>
    {
        (float[] x, int width, int block, ScaleRule rule) = matrix;
        FormatTable table = FormatTable.All.Single(t => t.Format.Name == name);
        BlockFormat format = new(table.Format, block, rule);
        float[] y = new float[x.Length];
        foreach (Rounding rounding in new[] { Rounding.Nearest, Rounding.TowardZero })
        {
            BlockRounding.Rows(x, y, width, format, rounding);
            Check(Reference(x, width, format, table, rounding, down: false), y, x);
            BlockRounding.Columns(x, y, width, format, rounding);
            Check(Reference(x, width, format, table, rounding, down: true), y, x);
            y = [.. x];
            BlockRounding.Columns(y, y, width, format, rounding);
            Check(Reference(x, width, format, table, rounding, down: true), y, x);
            y = new float[x.Length];
        }
    }, iter: 60);

    /// <summary>As codes they come back with the bits of the rounding; scales are those of the definition.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Codes_and_scales_come_back_as_what_was_rounded(string name) => Matrices.Sample(matrix =>
    {
        (float[] x, int width, int block, ScaleRule rule) = matrix;
        BlockFormat format = new(FormatTable.All.Single(t => t.Format.Name == name).Format, block, rule);
        byte[] codes = new byte[x.Length];
        byte[] scales = new byte[x.Length / width * BlockCodec.Blocks(width, format)];
        float[] back = new float[x.Length];
        float[] rounded = new float[x.Length];
        BlockCodec.Quantize(x, codes, scales, width, format);
        BlockCodec.Dequantize(codes, scales, back, width, format);
        BlockRounding.Rows(x, rounded, width, format);
        Check(rounded, back, x);
        for (int i = 0; i < scales.Length; i++)
        {
            (int row, int first) = (i / BlockCodec.Blocks(width, format), i % BlockCodec.Blocks(width, format) * block);
            float[] numbers = [.. Enumerable.Range(first, Math.Min(block, width - first)).Select(c => Math.Abs(x[(row * width) + c]))];
            Assert.Equal(numbers.All(float.IsFinite) ? 127 + format.ScaleExponent(numbers.Max()) : 255, scales[i]);
        }
    }, iter: 60);

    [Fact]
    public void Scales_are_powers_of_two_and_one_NaN()
    {
        for (int code = 0; code < 255; code++)
        {
            Assert.Equal(Math.Pow(2, code - 127), E8M0.Decode((byte)code));
            Assert.Equal(code, E8M0.Encode(code - 127));
        }

        Assert.True(float.IsNaN(E8M0.Decode(255)));
        Assert.Throws<ArgumentOutOfRangeException>(() => { E8M0.Encode(128); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { E8M0.Encode(-128); });
    }

    [Fact]
    public void Trainium3s_rule_never_saturates() => Gen.Float[-1e10f, 1e10f].Array[32].Sample(x =>
    {
        float[] y = new float[32];
        BlockRounding.Rows(x, y, 32, new BlockFormat(NumberFormat.Fp8E4M3Fn));

        // Of three mantissa bits a number is off by a sixteenth at the most, the largest too; OCP's rule cuts 496 down to 448.
        float largest = x.Max(MathF.Abs);
        Assert.True(Math.Abs(y.Max(MathF.Abs) - largest) <= largest / 16);
    });

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(24)]
    [InlineData(48)]
    [InlineData(256)]
    public void Blocks_that_no_tile_holds_are_refused(int block) =>
        Assert.Throws<ArgumentException>("format", () => BlockRounding.Rows(new float[32], new float[32], 32, new BlockFormat(NumberFormat.Fp8E4M3Fn, block)));

    private static readonly Gen<float> s_hostile = Gen.OneOf(
        Gen.Const(0f), Gen.Const(-0f), Gen.Const(float.Epsilon), Gen.Const(1e-41f), Gen.Const(-1.2e-38f), Gen.Const(3e38f), Gen.Const(float.NaN), Gen.Const(float.NegativeInfinity));

    private static Gen<(float[] X, int Width, int Block, ScaleRule Rule)> Matrices =>
        from rows in Gen.Int[1, 70]
        from width in Gen.Int[1, 90]
        from block in Gen.OneOf(Gen.Const(16), Gen.Const(32), Gen.Const(64), Gen.Const(128))
        from rule in Gen.Enum<ScaleRule>()
        from exponent in Gen.Int[-140, 120]
        from isHostile in Gen.Int[0, 3]
        from x in Gen.Frequency((100, Gen.Double[-2, 2].Select(v => (float)Math.ScaleB(v, exponent))), (30, Gen.Double[-1e-3, 1e-3].Select(v => (float)Math.ScaleB(v, exponent))), (isHostile == 0 ? 3 : 0, s_hostile)).Array[rows * width]
        select (x, width, block, rule);

    private static void Check(float[] expected, float[] actual, float[] x)
    {
        for (int i = 0; i < x.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
            {
                Assert.Fail($"element {i}: {x[i]:R} becomes {expected[i]:R}, not {actual[i]:R}");
            }
        }
    }

    private static float[] Reference(float[] x, int width, BlockFormat format, FormatTable table, Rounding rounding, bool down)
    {
        float[] y = new float[x.Length];
        int rows = x.Length / width;
        int emax = (int)Math.Floor(Math.Log2(table.Max));
        foreach (IGrouping<(int, int), int> block in Enumerable.Range(0, x.Length).GroupBy(i => down ? (i % width, i / width / format.Block) : (i / width, i % width / format.Block)))
        {
            float largest = block.Max(i => Math.Abs(x[i]));
            bool isFinite = block.All(i => float.IsFinite(x[i]));
            int exponent = largest == 0 ? -127 : Math.Clamp((int)Math.Floor(Math.Log2(largest)) - (format.Rule == ScaleRule.Trn3 ? emax - 1 : emax), -127, 127);
            foreach (int i in block)
            {
                y[i] = isFinite ? (float)(table.Round(x[i] * Math.Pow(2, -exponent), rounding, saturate: true) * Math.Pow(2, exponent)) : BitConverter.Int32BitsToSingle(0x7FC00000);
            }
        }

        Assert.True(rows * width == x.Length);
        return y;
    }
}
