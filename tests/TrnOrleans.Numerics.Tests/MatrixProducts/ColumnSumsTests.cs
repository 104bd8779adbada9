using CsCheck;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Sums over rows.</summary>
public sealed class ColumnSumsTests
{
    [Fact]
    public void Column_sums_equal_the_reference_on_random_shapes() =>
        Gen.Select(Gen.Int[0, 300], Gen.Int[1, 70], Gen.UInt).Sample(
            (rows, width, seed) =>
            {
                float[] matrix = TestData.Uniform(rows * width, seed);
                float[] sums = TestData.Uniform(width, seed + 1UL);
                ColumnSums.Compute(matrix, sums);
                Agree.Within(5e-6, ProductReference.ColumnSums(TestData.Doubles(matrix), width), sums);
            },
            iter: 60, threads: 1);

    [Fact]
    public void Column_sums_of_no_rows_are_zeros()
    {
        float[] sums = [1, 2, 3];
        ColumnSums.Compute([], sums);
        Agree.OnBits([0, 0, 0], sums);
    }

    [Fact]
    public void Vector_sum_adds_element_by_element() =>
        Gen.Select(Gen.Int[0, 100], Gen.UInt).Sample(
            (length, seed) =>
            {
                float[] target = TestData.Uniform(length, seed);
                float[] source = TestData.Uniform(length, seed + 1UL);
                float[] expected = [.. target.Zip(source, (x, y) => x + y)];
                VectorSum.AddInto(target, source);
                Agree.OnBits(expected, target);
            },
            iter: 50, threads: 1);
}
