using CsCheck;
using TrnOrleans.Numerics.Embeddings;

namespace TrnOrleans.Numerics.Tests;

/// <summary>Embedding against FP64, forward and backward.</summary>
public sealed class EmbeddingTests
{
    [Fact]
    public void Embedding_equals_the_reference_on_random_shapes() =>
        Gen.Select(Gen.Int[0, 150], Gen.Int[1, 20], Gen.Int[1, 70], Gen.Int[1, 40], Gen.Bool, Gen.UInt).Sample(
            (rows, vocabulary, width, context, learned, seed) =>
            {
                int[] tokens = TestData.Indices(rows, vocabulary, seed);
                float[] table = TestData.Uniform(vocabulary * width, seed);
                float[] positions = learned ? TestData.Uniform((context + 2) * width, seed + 1UL) : [];
                float[] y = new float[rows * width];
                Embedding.Forward(tokens, table, positions, y, width, context);
                Agree.Within(1e-7, TableReference.Embed(tokens, TestData.Doubles(table), TestData.Doubles(positions), width, context), y);
            },
            iter: 60, threads: 1);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(75, 9, 20)]
    [InlineData(30, 130, 7)]
    public void Embedding_gradients_equal_finite_differences_and_are_added_to(int rows, int width, int context)
    {
        const int vocabulary = 5;
        int[] tokens = TestData.Indices(rows, vocabulary, 1);
        float[] table = TestData.Uniform(vocabulary * width, 2);
        float[] positions = TestData.Uniform(context * width, 3);
        float[] dy = TestData.Uniform(rows * width, 4);
        float[] dTable = TestData.Uniform(table.Length, 5);
        float[] dPositions = TestData.Uniform(positions.Length, 6);
        float[] tableBefore = [.. dTable];
        float[] positionsBefore = [.. dPositions];
        Embedding.Backward(tokens, dy, dTable, dPositions, width, context);

        double[] table64 = TestData.Doubles(table);
        double[] positions64 = TestData.Doubles(positions);
        FiniteDifferences.Check(
            v => Loss(v, positions64) + FiniteDifferences.Project(v, tableBefore), table, dTable, "table gradient");
        FiniteDifferences.Check(
            v => Loss(table64, v) + FiniteDifferences.Project(v, positionsBefore), positions, dPositions, "position gradient");

        float[] alone = [.. tableBefore];
        Embedding.Backward(tokens, dy, alone, [], width, context);
        Agree.OnBits(dTable, alone, "table gradient without positions");

        double Loss(double[] t, double[] p) => FiniteDifferences.Project(TableReference.Embed(tokens, t, p, width, context), dy);
    }
}
