using CsCheck;
using TrnOrleans.Numerics.Activations;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.MatrixProducts;

namespace TrnOrleans.Numerics.Tests;

/// <summary>A packed operand and an activation at the end of a product change where the time goes, never a bit.</summary>
public sealed class PackedAndFusedTests
{
    [Fact]
    public void A_packed_operand_gives_the_bits_of_the_plain_one() =>
        Gen.Select(Gen.Int[1, 90], Gen.Int[1, 100], Gen.Int[1, 90], Gen.Bool, Gen.UInt).Sample(
            (m, n, k, extras, seed) => ComparePacked(m, n, k, extras, seed), iter: 100, threads: 1);

    [Theory]
    [InlineData(200, 300, 900)]
    [InlineData(3, 2100, 40)]
    [InlineData(3100, 33, 5)]
    public async Task A_packed_operand_gives_the_bits_of_the_plain_one_across_blocks_and_threads(int m, int n, int k)
    {
        ComparePacked(m, n, k, extras: true, 5);
        using ComputeEngine engine = new(3);
        await engine.RunAsync(() => ComparePacked(m, n, k, extras: true, 5));
    }

    [Fact]
    public void An_epilogue_gives_the_bits_of_the_kernel_that_it_stands_for() =>
        Gen.Select(Gen.Int[1, 90], Gen.Int[1, 70], Gen.Int[0, 90], Gen.Int[0, 2], Gen.Bool, Gen.UInt).Sample(CompareEpilogues, iter: 150, threads: 1);

    [Fact]
    public async Task An_epilogue_comes_once_after_the_last_block_of_a_chain()
    {
        using ComputeEngine engine = new(3);
        for (int form = 0; form < 3; form++)
        {
            int now = form;
            await engine.RunAsync(() => CompareEpilogues(130, 290, 1200, now, extras: true, 7));
            await engine.RunAsync(() => CompareEpilogues(20, 290, 1200, now, extras: true, 8));
        }
    }

    [Fact]
    public void Operands_of_the_wrong_shape_are_named_and_nothing_is_written()
    {
        float[] c = [7, 7, 7, 7];
        Assert.Throws<ArgumentException>("packed", () => MatrixProduct.NTPacked(new float[6], new float[6], c, 2, 2, 3));
        Assert.Throws<ArgumentException>("packed", () => PackedOperand.Pack(new float[6], new float[6], 2, 3));
        Assert.Throws<ArgumentException>("b", () => PackedOperand.Pack(new float[5], new float[96], 2, 3));
        Assert.Throws<ArgumentException>("other", () => MatrixProduct.NN(new float[6], new float[6], c, 2, 2, 3, epilogue: Epilogue.Gelu));
        Assert.Throws<ArgumentException>("other", () => MatrixProduct.NN(new float[6], new float[6], c, 2, 2, 3, epilogue: Epilogue.ReluGradient, other: new float[3]));
        Assert.Throws<ArgumentException>("other", () => MatrixProduct.NN(new float[6], new float[6], c, 2, 2, 3, other: new float[4]));
        Assert.Throws<ArgumentException>("other", () => MatrixProduct.NN(new float[6], new float[6], c, 2, 2, 3, epilogue: Epilogue.Gelu, other: c));
        Agree.OnBits([7, 7, 7, 7], c);
    }

    private static void ComparePacked(int m, int n, int k, bool extras, uint seed)
    {
        float[] a = TestData.Uniform(m * k, seed);
        float[] b = TestData.Uniform(n * k, seed + 1UL);
        float[] bias = extras ? TestData.Uniform(n, seed + 2UL) : [];
        float[] residual = extras ? TestData.Uniform(m * n, seed + 3UL) : [];
        float[] expected = new float[m * n];
        MatrixProduct.NT(a, b, expected, m, n, k, bias, residual);

        // What was in the memory before must not matter, least of all NaN.
        float[] packed = new float[PackedOperand.Length(n, k)];
        Array.Fill(packed, float.NaN);
        PackedOperand.Pack(b, packed, n, k);
        float[] actual = new float[m * n];
        MatrixProduct.NTPacked(a, packed, actual, m, n, k, bias, residual);
        Agree.OnBits(expected, actual, $"{m} x {n} x {k}, element");
    }

    private static void CompareEpilogues(int m, int n, int k, int form, bool extras, uint seed)
    {
        float[] a = TestData.Uniform(m * k, seed);
        float[] b = TestData.Uniform(n * k, seed + 1UL);
        float[] bias = extras ? TestData.Uniform(n, seed + 2UL) : [];
        float[] residual = extras ? TestData.Uniform(m * n, seed + 3UL) : [];
        float[] before = TestData.Uniform(m * n, seed + 4UL);
        float[] plain = Product(Epilogue.None, []);

        float[] relu = new float[m * n];
        Relu.Forward(plain, relu);
        Agree.OnBits(relu, Product(Epilogue.Relu, []), "relu, element");

        float[] gelu = new float[m * n];
        Gelu.Forward(plain, gelu);
        float[] activated = new float[m * n];
        Agree.OnBits(plain, Product(Epilogue.Gelu, activated), "before gelu, element");
        Agree.OnBits(gelu, activated, "gelu, element");

        float[] gradient = new float[m * n];
        Relu.Backward(before, plain, gradient);
        Agree.OnBits(gradient, Product(Epilogue.ReluGradient, before), "gradient of relu, element");
        Gelu.Backward(before, plain, gradient);
        Agree.OnBits(gradient, Product(Epilogue.GeluGradient, before), "gradient of gelu, element");

        float[] Product(Epilogue epilogue, float[] other)
        {
            float[] c = new float[m * n];
            switch (form)
            {
                case 0:
                    MatrixProduct.NN(a, b, c, m, n, k, bias, residual, epilogue, other);
                    break;
                case 1:
                    MatrixProduct.NT(a, b, c, m, n, k, bias, residual, epilogue, other);
                    break;
                default:
                    float[] packed = new float[PackedOperand.Length(n, k)];
                    PackedOperand.Pack(b, packed, n, k);
                    MatrixProduct.NTPacked(a, packed, c, m, n, k, bias, residual, epilogue, other);
                    break;
            }

            return c;
        }
    }
}
