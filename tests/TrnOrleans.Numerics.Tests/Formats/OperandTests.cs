using CsCheck;
using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Tests.Formats;

/// <summary>Operands of products: what they are rounded to, and what comes of them in FP64.</summary>
public sealed class OperandTests
{
    public static TheoryData<string> Names => [.. OperandFormat.All.Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_product_is_that_of_its_quantised_operands(string name) => Gen.Select(Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[1, 130], Gen.ULong).Sample((m, n, k, seed) =>
    {
        OperandCast cast = new(OperandFormat.Find(name)!) { Saturates = true };
        float[] x = TestData.Uniform(m * k, seed);
        float[] w = TestData.Uniform(n * k, seed + 1);
        float[] dy = TestData.Uniform(m * n, seed + 2);
        float[] y = new float[m * n];
        QuantizedProduct.NT(x, cast, w, cast, y, m, n, k);
        Check(y, m, n, k, Cast(x, k, Contraction.Row), (i, j) => (i * k) + j, Cast(w, k, Contraction.Row), (j, c) => (c * k) + j);

        float[] dx = new float[m * k];
        QuantizedProduct.NN(dy, cast, w, cast, dx, m, k, n);
        Check(dx, m, k, n, Cast(dy, n, Contraction.Row), (i, j) => (i * n) + j, Cast(w, k, Contraction.Column), (j, c) => (j * k) + c);

        float[] dw = new float[n * k];
        QuantizedProduct.TN(dy, cast, x, cast, dw, n, k, m);

        // Both at once, whatever is shared between them.
        float[] bothX = new float[m * k];
        float[] bothW = new float[n * k];
        QuantizedProduct.Backward(dy, cast, x, cast, bothW, w, cast, bothX, m, n, k);
        Agree.OnBits(dx, bothX);
        Agree.OnBits(dw, bothW);
        Check(dw, n, k, m, Cast(dy, n, Contraction.Column), (i, j) => (j * n) + i, Cast(x, k, Contraction.Column), (j, c) => (j * k) + c);

        float[] Cast(float[] operand, int width, Contraction contraction)
        {
            float[] rounded = new float[operand.Length];
            cast.Apply(operand, rounded, width, contraction);
            return rounded;
        }
    }, iter: 20);

    [Theory]
    [InlineData("fp8_e4m3fn")]
    [InlineData("fp8_e4m3")]
    [InlineData("fp8_e5m2")]
    public void A_tensor_with_a_scale_is_rounded_at_that_scale(string name) => Gen.Select(Gen.Double[-1, 1].Array[1, 300], Gen.Int[-110, 127]).Sample((values, exponent) =>
    {
        FormatTable table = FormatTable.All.Single(t => t.Format.Name == name);
        float[] x = [.. values.Select(v => (float)Math.ScaleB(v, exponent))];
        float[] y = new float[x.Length];
        new OperandCast(OperandFormat.Find($"scaled_{name}")!).Apply(x, y, 1, Contraction.Row);
        float largest = x.Max(Math.Abs);
        int most = (int)Math.Floor(Math.Log2(table.Max));
        int scale = largest == 0 ? 0 : Math.Clamp((int)Math.Floor(Math.Log2(largest)) - (most - 1), -96, 103 + table.Format.MantissaBits - most);
        Agree.OnBits([.. x.Select(v => (float)Math.ScaleB(table.Round(Math.ScaleB(v, -scale), Rounding.Nearest, saturate: true), scale))], y);
    }, iter: 200);

    [Fact]
    public void Turned_operands_have_the_same_product_and_no_outliers()
    {
        const int rows = 40;
        const int width = 83;
        float[] x = TestData.Uniform(rows * width, 1);
        float[] turned = new float[x.Length];
        Hadamard.Rotate(x, turned, width);
        double[] expected = new double[x.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < width; column++)
            {
                int first = column / 16 * 16;
                if (first + 16 > width)
                {
                    expected[(row * width) + column] = x[(row * width) + column];
                    continue;
                }

                for (int j = 0; j < 16; j++)
                {
                    // Sylvester's matrix: minus where the two indices share an odd number of bits.
                    int sign = System.Numerics.BitOperations.PopCount((uint)((column - first) & j)) % 2 == 0 ? 1 : -1;
                    expected[(row * width) + column] += sign * x[(row * width) + first + j] / 4.0;
                }
            }
        }

        Agree.Within(1e-6, expected, turned);
        Hadamard.Rotate(turned, turned, width);
        Agree.Within(1e-6, TestData.Doubles(x), turned);
    }

    [Fact]
    public void Conversions_allocate_nothing()
    {
        float[] x = TestData.Uniform(70 * 40, 1);
        float[] w = TestData.Uniform(40 * 40, 3);
        float[] y = new float[x.Length];
        byte[] codes = new byte[x.Length];
        OperandCast[] casts = [.. OperandFormat.All.Select(f => new OperandCast(f) { Rounding = Rounding.Stochastic, Random = new CounterRandom(1, RandomUse.Rounding) })];
        void Kernels()
        {
            foreach (OperandCast cast in casts)
            {
                cast.Apply(x, y, 40, Contraction.Row);
                cast.Apply(x, y, 40, Contraction.Column);
                QuantizedProduct.NT(x, cast, w, cast, y, 70, 40, 40);
            }

            FormatCodec.Encode(x, codes, NumberFormat.Fp8E4M3Fn);
            FormatCodec.Decode(codes, y, NumberFormat.Fp8E4M3Fn);
        }

        Kernels();
        Kernels();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Kernels();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Check(float[] actual, int m, int n, int k, float[] a, Func<int, int, int> placeA, float[] b, Func<int, int, int> placeB)
    {
        for (int i = 0; i < m; i++)
        {
            for (int c = 0; c < n; c++)
            {
                double sum = 0;
                double magnitude = 0;
                for (int j = 0; j < k; j++)
                {
                    double term = (double)a[placeA(i, j)] * b[placeB(j, c)];
                    sum += term;
                    magnitude += Math.Abs(term);
                }

                // A chain of k additions in FP32 is off by k half steps of the sum of magnitudes at the most.
                Assert.True(Math.Abs(actual[(i * n) + c] - sum) <= (k + 1) * Math.ScaleB(1, -24) * magnitude, $"{actual[(i * n) + c]:R} is not {sum:R}");
            }
        }
    }
}
