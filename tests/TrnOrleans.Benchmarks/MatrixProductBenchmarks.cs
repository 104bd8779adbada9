using BenchmarkDotNet.Attributes;
using TrnOrleans.Numerics.MatrixProducts;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Benchmarks;

/// <summary>The three forms on one thread: 2 n³ floating-point operations each, so GFLOP/s = 2 n³ / ns.</summary>
[MemoryDiagnoser]
public class MatrixProductBenchmarks : IDisposable
{
    private AlignedBuffer _a = new(0);
    private AlignedBuffer _b = new(0);
    private AlignedBuffer _c = new(0);

    [Params(64, 256, 1024)]
    public int N { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        (_a, _b, _c) = (new AlignedBuffer((long)N * N), new AlignedBuffer((long)N * N), new AlignedBuffer((long)N * N));
        _a.Span().Fill(1);
        _b.Span().Fill(0.5f);
    }

    [Benchmark]
    public void NN() => MatrixProduct.NN(_a.Span(), _b.Span(), _c.Span(), N, N, N);

    [Benchmark]
    public void NT() => MatrixProduct.NT(_a.Span(), _b.Span(), _c.Span(), N, N, N);

    [Benchmark]
    public void TN() => MatrixProduct.TN(_a.Span(), _b.Span(), _c.Span(), N, N, N);

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _c.Dispose();
        GC.SuppressFinalize(this);
    }
}
