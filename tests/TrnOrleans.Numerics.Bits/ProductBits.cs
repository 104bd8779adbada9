using TrnOrleans.Numerics.MatrixProducts;

namespace TrnOrleans.Numerics.Bits;

/// <summary>The three products with odd shapes: few and many rows, ragged columns, chains longer than one block.</summary>
internal static class ProductBits
{
    internal static void AddTo(DigestList list)
    {
        ReadOnlySpan<(int M, int N, int K)> shapes = [(1, 33, 7), (7, 64, 300), (13, 45, 301), (50, 95, 270), (110, 290, 19), (64, 97, 400), (170, 300, 410)];
        foreach ((int m, int n, int k) in shapes)
        {
            float[] a = list.Input(m * k);
            float[] b = list.Input(k * n);
            float[] bias = list.Input(n);
            float[] residual = list.Input(m * n);
            float[] plain = new float[m * n];
            float[] full = new float[m * n];
            string shape = $"{m}x{n}x{k}";
            MatrixProduct.NN(a, b, plain, m, n, k);
            MatrixProduct.NN(a, b, full, m, n, k, bias, residual);
            list.Add($"MatrixProduct.NN.{shape}", plain, full);
            MatrixProduct.NT(a, b, plain, m, n, k);
            MatrixProduct.NT(a, b, full, m, n, k, bias, residual);
            list.Add($"MatrixProduct.NT.{shape}", plain, full);
            MatrixProduct.TN(a, b, plain, m, n, k);
            MatrixProduct.TN(a, b, full, m, n, k, residual);
            list.Add($"MatrixProduct.TN.{shape}", plain, full);
            float[] packed = new float[PackedOperand.Length(n, k)];
            PackedOperand.Pack(b, packed, n, k);
            MatrixProduct.NTPacked(a, packed, plain, m, n, k, bias, [], Epilogue.Gelu, full);
            list.Add($"MatrixProduct.NTPacked.{shape}", plain, full);
            MatrixProduct.NN(a, b, full, m, n, k, bias, residual, Epilogue.GeluGradient, plain);
            list.Add($"MatrixProduct.NN.GeluGradient.{shape}", full);
        }

        float[] sums = new float[37];
        ColumnSums.Compute(list.Input(201 * 37), sums);
        list.Add("ColumnSums", sums);
    }
}
