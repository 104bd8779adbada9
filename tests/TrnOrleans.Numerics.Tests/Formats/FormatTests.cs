using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Tests.Formats;

/// <summary>Every format against the list of its numbers.</summary>
public sealed class FormatTests
{
    public static TheoryData<string> Names => [.. FormatTable.All.Select(t => t.Format.Name)];

    private static FormatTable Table(string name) => FormatTable.All.Single(t => t.Format.Name == name);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_code_has_its_number_and_every_number_its_code(string name)
    {
        FormatTable table = Table(name);
        for (int code = 0; code < table.Decoded.Length; code++)
        {
            float number = FormatCode.Decode((uint)code, table.Format);
            Assert.True(Same(table.Decoded[code], number), $"code {code} is {table.Decoded[code]}, not {number}");
            if (!float.IsNaN(number))
            {
                Assert.Equal((uint)code, FormatCode.Encode(number, table.Format, saturate: false));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Codes_by_the_vector_are_those_one_by_one(string name)
    {
        FormatTable table = Table(name);
        if (table.Format.Bits > 16)
        {
            return;
        }

        float[] probes = table.Probes();
        foreach (bool saturate in new[] { true, false })
        {
            uint[] expected = [.. probes.Select(x => FormatCode.Encode(x, table.Format, saturate: saturate))];
            if (table.Format.Bits == 16)
            {
                ushort[] codes = new ushort[probes.Length];
                FormatCodec.Encode(probes, codes, table.Format, saturate);
                Check(expected, codes.Select(c => (uint)c), probes);
                ushort[] all = [.. Enumerable.Range(0, 1 << 16).Select(c => (ushort)c)];
                float[] numbers = new float[all.Length];
                FormatCodec.Decode(all, numbers, table.Format);
                Assert.All(table.Decoded.Zip(numbers), pair => Assert.True(Same(pair.First, pair.Second), $"{pair.First} is not {pair.Second}"));
            }
            else
            {
                byte[] codes = new byte[probes.Length];
                FormatCodec.Encode(probes, codes, table.Format, saturate);
                Check(expected, codes.Select(c => (uint)c), probes);
                byte[] all = [.. Enumerable.Range(0, table.Decoded.Length).Select(c => (byte)c)];
                float[] numbers = new float[all.Length];
                FormatCodec.Decode(all, numbers, table.Format);
                Assert.All(table.Decoded.Zip(numbers), pair => Assert.True(Same(pair.First, pair.Second), $"{pair.First} is not {pair.Second}"));
            }
        }

        void Check(uint[] wanted, IEnumerable<uint> found, float[] inputs) =>
            Assert.All(wanted.Zip(found, inputs), t => Assert.True(t.First == t.Second, $"{t.Third:R} is {t.First}, not {t.Second}"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_number_its_middles_and_their_neighbours_round_as_defined(string name)
    {
        FormatTable table = Table(name);
        float[] probes = table.Probes();
        float[] rounded = new float[probes.Length];
        foreach (Rounding rounding in new[] { Rounding.Nearest, Rounding.TowardZero })
        {
            foreach (bool saturate in new[] { true, false })
            {
                FormatRounding.Round(probes, rounded, table.Format, rounding, saturate);
                for (int i = 0; i < probes.Length; i++)
                {
                    float expected = (float)table.Round(probes[i], rounding, saturate);
                    Assert.True(Same(expected, rounded[i]), $"{probes[i]:R} {rounding} becomes {expected:R}, not {rounded[i]:R}, when it {(saturate ? "saturates" : "does not saturate")}");
                    Assert.True(Same(expected, (float)FormatCode.Round(probes[i], table.Format, rounding, saturate)), $"{probes[i]:R} {rounding} one by one");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Floats_of_any_bits_round_as_defined(string name)
    {
        FormatTable table = Table(name);
        CounterRandom random = new(4, RandomUse.Sampling);
        float[] floats = [.. Enumerable.Range(0, 1 << 16).Select(i => BitConverter.UInt32BitsToSingle((uint)random.Bits((ulong)i)))];
        float[] rounded = new float[floats.Length];
        FormatRounding.Round(floats, rounded, table.Format, saturate: false);
        for (int i = 0; i < floats.Length; i++)
        {
            float expected = (float)table.Round(floats[i], Rounding.Nearest, saturate: false);
            Assert.True(Same(expected, rounded[i]), $"{floats[i]:R} becomes {expected:R}, not {rounded[i]:R}");
        }
    }

    [Fact]
    public void All_floats_round_to_bf16_as_their_upper_halves_do()
    {
        // All 2^32 take minutes: every 1,021st here, all of them when asked.
        uint step = Environment.GetEnvironmentVariable("TRN_SOAK") == "1" ? 1u : 1021u;
        const int chunk = 1 << 20;
        float[] x = new float[chunk];
        ushort[] codes = new ushort[chunk];
        ulong next = 0;
        while (next <= uint.MaxValue)
        {
            int count = 0;
            for (; count < chunk && next <= uint.MaxValue; count++, next += step)
            {
                x[count] = BitConverter.UInt32BitsToSingle((uint)next);
            }

            FormatCodec.Encode(x.AsSpan(0, count), codes.AsSpan(0, count), NumberFormat.Bf16, saturate: false);
            for (int i = 0; i < count; i++)
            {
                uint bits = BitConverter.SingleToUInt32Bits(x[i]);
                uint low = bits & 0xFFFF;
                uint expected = (bits >> 16) + (low > 0x8000 || (low == 0x8000 && ((bits >> 16) & 1) != 0) ? 1u : 0u);
                if (float.IsNaN(x[i]) ? !float.IsNaN(BitConverter.Int32BitsToSingle(codes[i] << 16)) : codes[i] != expected)
                {
                    Assert.Fail($"{bits:X8} becomes {expected:X4}, not {codes[i]:X4}");
                }
            }
        }
    }

    /// <summary>From the tests of ml_dtypes and the documentation of ONNX.</summary>
    [Theory]
    [InlineData("fp8_e4m3fn", 1.99999988f, true, 2f)]
    [InlineData("fp8_e5m2", 1.99999988f, true, 2f)]
    [InlineData("fp8_e4m3fn", 479.75f, true, 448f)]
    [InlineData("fp8_e4m3fn", float.PositiveInfinity, true, 448f)]
    [InlineData("fp8_e5m2", float.PositiveInfinity, true, 57344f)]
    [InlineData("fp8_e4m3fn", float.PositiveInfinity, false, float.NaN)]
    [InlineData("fp8_e5m2", float.PositiveInfinity, false, float.PositiveInfinity)]
    [InlineData("fp4_e2m1", 1e9f, true, 6f)]
    [InlineData("fp4_e2m1", float.NaN, true, 6f)]
    public void Published_vectors_hold(string name, float x, bool saturate, float expected)
    {
        float[] y = new float[1];
        FormatRounding.Round([x], y, Table(name).Format, Rounding.Nearest, saturate);
        Assert.True(Same(expected, y[0]), $"{y[0]}");
    }

    private static bool Same(float expected, float actual) =>
        float.IsNaN(expected) ? float.IsNaN(actual) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual);
}
