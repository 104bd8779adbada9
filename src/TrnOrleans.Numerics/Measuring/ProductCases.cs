using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Measuring;

/// <summary>Matrix products: large squares, and the few rows of a small micro-batch.</summary>
internal static class ProductCases
{
    private static readonly (int M, int N, int K)[] s_shapes =
    [
        (256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048),
        (12, 128, 128), (12, 1536, 384), (16, 512, 512), (32, 384, 1536), (64, 128, 512), (64, 1536, 1536), (256, 1152, 384),
    ];

    private static readonly string[] s_forms = ["nn", "nt", "nt_packed", "tn"];

    internal static IEnumerable<(KernelName Name, Func<KernelCase> Create)> All() =>
        from shape in s_shapes
        from form in s_forms
        let name = Name(form, shape.M, shape.N, shape.K)
        select (name, (Func<KernelCase>)(() => Create(name, form, shape.M, shape.N, shape.K)));

    private static KernelName Name(string form, int m, int n, int k) =>
        new("gemm", form, [("m", m), ("n", n), ("k", k)], KernelBound.Arithmetic, 2.0 * m * n * k);

    private static KernelCase Create(KernelName name, string form, int m, int n, int k)
    {
        AlignedBuffer a = Operand.Of((long)m * k);
        AlignedBuffer b = Operand.Of((long)n * k);
        AlignedBuffer c = new((long)m * n);
        AlignedBuffer packed = new(form == "nt_packed" ? PackedOperand.Length(n, k) : 0);
        if (form == "nt_packed")
        {
            PackedOperand.Pack(b.Span(), packed.Span(), n, k);
        }

        return new KernelCase(name, [a, b, c, packed], form switch
        {
            "nn" => () => MatrixProduct.NN(a.Span(), b.Span(), c.Span(), m, n, k),
            "nt" => () => MatrixProduct.NT(a.Span(), b.Span(), c.Span(), m, n, k),
            "tn" => () => MatrixProduct.TN(a.Span(), b.Span(), c.Span(), m, n, k),
            _ => () => MatrixProduct.NTPacked(a.Span(), packed.Span(), c.Span(), m, n, k),
        });
    }
}
