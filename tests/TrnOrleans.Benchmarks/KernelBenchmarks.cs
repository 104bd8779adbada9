using BenchmarkDotNet.Attributes;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Measuring;

namespace TrnOrleans.Benchmarks;

/// <summary>The kernels and sizes of `trn bench kernels`. GFLOP/s or GB/s is the case's work divided by the mean time.</summary>
[MemoryDiagnoser]
public class KernelBenchmarks : IDisposable
{
    private ComputeEngine? _engine;
    private KernelCase? _kernel;

    [Params(1, 2)]
    public int Threads { get; set; }

    [ParamsSource(nameof(Kernels))]
    public string Kernel { get; set; } = string.Empty;

    /// <summary>Every case of the catalogue, as text: BenchmarkDotNet runs each in a process of its own.</summary>
    public static IEnumerable<string> Kernels => KernelCatalogue.All.Select(c => Text(c.Name));

    [GlobalSetup]
    public void Setup()
    {
        _engine = new ComputeEngine(Threads);
        _kernel = KernelCatalogue.All.Single(c => Text(c.Name) == Kernel).Create();
    }

    [Benchmark]
    public Task Run() => _engine!.RunAsync(_kernel!.Run);

    [GlobalCleanup]
    public void Dispose()
    {
        _engine?.Dispose();
        _kernel?.Dispose();
        GC.SuppressFinalize(this);
    }

    private static string Text(KernelName name) => $"{name.Kernel}-{name.Form}-{string.Join('x', name.Sizes.Select(s => s.Value))}";
}
