using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Tests.Formats;

/// <summary>Stochastic rounding: the mean is the number, and its bits are a function of the key.</summary>
public sealed class StochasticTests
{
    private const int Draws = 1_000_000;

    public static TheoryData<string> Names => [.. FormatTable.All.Select(t => t.Format.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_mean_of_a_million_is_the_number(string name)
    {
        FormatTable table = FormatTable.All.Single(t => t.Format.Name == name);
        float[] x = new float[Draws];
        float[] y = new float[Draws];
        foreach (double value in new[] { 1.3, -2.71, 0.15625, table.Format.Smallest * 0.37 })
        {
            Array.Fill(x, (float)value);
            FormatRounding.Round(x, y, table.Format, Rounding.Stochastic, random: new CounterRandom(11, RandomUse.Rounding, 2, 3));
            CheckMean(table, (float)value, y);
        }
    }

    [Fact]
    public void The_mean_of_blocks_is_the_number_too()
    {
        FormatTable table = FormatTable.All.Single(t => t.Format == NumberFormat.Fp4E2M1);

        // The first of each block sets the scale: 4 has the exponent 2, the scale is 2^(2 − 1).
        float[] x = [.. Enumerable.Range(0, Draws).Select(i => i % 32 == 0 ? 4f : 1.3f)];
        float[] y = new float[Draws];
        BlockRounding.Rows(x, y, 32 * 50, new BlockFormat(NumberFormat.Fp4E2M1), Rounding.Stochastic, new CounterRandom(11, RandomUse.Rounding, 2, 3));
        CheckMean(table, 0.65, [.. y.Where((_, i) => i % 32 != 0).Select(v => v / 2)]);
        float[] columns = [.. Enumerable.Range(0, Draws).Select(i => i / 50 % 32 == 0 ? 4f : 1.3f)];
        BlockRounding.Columns(columns, y, 50, new BlockFormat(NumberFormat.Fp4E2M1), Rounding.Stochastic, new CounterRandom(11, RandomUse.Rounding, 2, 3));
        CheckMean(table, 0.65, [.. y.Where((_, i) => i / 50 % 32 != 0).Select(v => v / 2)]);
    }

    /// <summary>A counter in FP16 at 1,024, where the next number is 1,025: half a step is lost 2,048 times, or not.</summary>
    [Fact]
    public void Half_a_step_adds_up()
    {
        float[] nearest = [1024f];
        float[] stochastic = [1024f];
        for (uint i = 0; i < 2048; i++)
        {
            FormatRounding.Round([nearest[0] + 0.5f], nearest, NumberFormat.Fp16);
            FormatRounding.Round([stochastic[0] + 0.5f], stochastic, NumberFormat.Fp16, Rounding.Stochastic, random: new CounterRandom(1, RandomUse.Rounding, 0, i));
        }

        Assert.Equal(1024f, nearest[0]);

        // 2,048 draws of 0 or 1: mean 1,024, deviation 22.6.
        Assert.InRange(stochastic[0], 2048 - 91, 2048 + 91);
    }

    [Fact]
    public void Any_slice_of_a_tensor_gets_the_same_bits()
    {
        float[] x = TestData.Uniform(40_000, 1);
        float[] whole = new float[x.Length];
        CounterRandom random = new(5, RandomUse.Rounding, 1, 2);
        FormatRounding.Round(x, whole, NumberFormat.Bf16, Rounding.Stochastic, random: random, firstIndex: 4096);
        foreach ((int first, int length) in new[] { (16, 33), (48, 64), (16_384, 16_400), (39_984, 16) })
        {
            float[] slice = new float[length];
            FormatRounding.Round(x.AsSpan(first, length), slice, NumberFormat.Bf16, Rounding.Stochastic, random: random, firstIndex: 4096 + (ulong)first);
            Agree.OnBits(whole[first..(first + length)], slice);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_number_of_threads_gives_the_same_bits(int threads)
    {
        float[] x = TestData.Uniform(200 * 416, 1);
        float[] alone = new float[x.Length];
        float[] together = new float[x.Length];
        OperandCast cast = new(OperandFormat.Find("mxfp4_e2m1")!) { Rounding = Rounding.Stochastic, Random = new CounterRandom(5, RandomUse.Rounding, 1, 2) };
        using ComputeEngine engine = new(threads);
        foreach (Contraction contraction in Enum.GetValues<Contraction>())
        {
            cast.Apply(x, alone, 416, contraction);
            await engine.RunAsync(() => cast.Apply(x, together, 416, contraction));
            Agree.OnBits(alone, together);
        }
    }

    [Fact]
    public void Sixteen_lanes_draw_what_one_by_one_draws()
    {
        CounterRandom random = new(0x123456789ABCDEF0, RandomUse.Rounding, 77, 99);
        foreach (ulong first in new[] { 0UL, 16UL, 0xFFFF_FFF0UL, 0x1_0000_0000UL, 0xABCD_1234_5670UL })
        {
            var (x, y, z, w) = PhiloxLanes.Words(random, first);
            for (int lane = 0; lane < 16; lane++)
            {
                Assert.Equal(random.Words(first + (ulong)lane), (x[lane], y[lane], z[lane], w[lane]));
            }
        }
    }

    /// <summary>Only the two neighbours come, and their mean is within four standard deviations.</summary>
    private static void CheckMean(FormatTable table, double value, float[] rounded)
    {
        (int below, double share) = table.Place(Math.Abs(value));
        double low = table.Round(value, Rounding.TowardZero, saturate: true);
        double high = table.Round(value, Rounding.Stochastic, saturate: true, draw: share > 0 ? 0 : 1);
        Assert.All(rounded.Distinct(), v => Assert.True(v == (float)low || v == (float)high, $"{v:R} is no neighbour of {value:R}"));
        double ups = rounded.Count(v => v != (float)low);
        double expected = share * rounded.Length;
        double deviation = Math.Sqrt(rounded.Length * share * (1 - share));
        Assert.True(Math.Abs(ups - expected) <= (4 * deviation) + (rounded.Length / (double)(1 << 24)), $"{value} ({table.Format}, {below}): {ups} up, not {expected} ± {deviation}");
    }
}
