using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Numerics.Measuring;

/// <summary>A kernel's rate beside the machine's at the same time.</summary>
/// <param name="Name">Which kernel.</param>
/// <param name="Seconds">Median time of one call.</param>
/// <param name="Rate">GFLOP/s or GB/s at the median.</param>
/// <param name="Peak">Of the ceiling that bounds it, measured between the calls.</param>
public readonly record struct KernelRate(KernelName Name, double Seconds, double Rate, double Peak)
{
    /// <summary>Share of the ceiling; above 1 where caches serve what the ceiling fetches from memory.</summary>
    public double Share => Rate / Peak;
}

/// <summary>
/// Times kernels on the compute threads. Rounds of the kernel and of its ceiling take turns, because the clock of a shared machine moves
/// from one second to the next.
/// </summary>
/// <param name="engine">The compute threads.</param>
/// <param name="time">The clock.</param>
public sealed class KernelMeter(ComputeEngine engine, TimeProvider time) : IDisposable
{
    private const int RoundsPerKernel = 7;

    private readonly KernelCase _multiplyAdds = Ceilings.MultiplyAdds(engine.Threads);
    private readonly KernelCase _copy = Ceilings.Copy(engine.Threads);

    /// <summary>Measures one kernel.</summary>
    /// <param name="kernel">Which.</param>
    /// <param name="seconds">About how long; more for a kernel of which a single call takes longer.</param>
    /// <param name="cancellation">Ends the measurement between two calls.</param>
    /// <exception cref="OperationCanceledException">ended.</exception>
    public async Task<KernelRate> MeasureAsync(KernelCase kernel, double seconds, CancellationToken cancellation = default)
    {
        KernelRate rate = default;
        await engine.RunAsync(() => rate = Measure(kernel, seconds, cancellation)).ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        return rate;
    }

    /// <summary>The machine's own rates on these threads: multiply-adds, then copies.</summary>
    public async Task<(KernelRate MultiplyAdds, KernelRate Copy)> CeilingsAsync(double seconds, CancellationToken cancellation = default) =>
        (await MeasureAsync(_multiplyAdds, seconds, cancellation).ConfigureAwait(false), await MeasureAsync(_copy, seconds, cancellation).ConfigureAwait(false));

    public void Dispose()
    {
        _multiplyAdds.Dispose();
        _copy.Dispose();
    }

    private KernelRate Measure(KernelCase kernel, double seconds, CancellationToken cancellation)
    {
        KernelCase ceiling = kernel.Name.Bound == KernelBound.Arithmetic ? _multiplyAdds : _copy;
        kernel.Run();
        ceiling.Run();
        List<double> kernelSeconds = [];
        List<double> ceilingSeconds = [];
        for (int round = 0; round < RoundsPerKernel && !cancellation.IsCancellationRequested; round++)
        {
            kernelSeconds.Add(Round(kernel, seconds / RoundsPerKernel, cancellation));
            ceilingSeconds.Add(Round(ceiling, seconds / RoundsPerKernel / 4, cancellation));
        }

        double median = Median(kernelSeconds);
        return new KernelRate(kernel.Name, median, kernel.Name.Work / median / 1e9, ceiling.Name.Work / Median(ceilingSeconds) / 1e9);
    }

    /// <summary>Mean time of a call over at least this long, and at least one call.</summary>
    private double Round(KernelCase kernel, double seconds, CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        long calls = 0;
        double elapsed;
        do
        {
            kernel.Run();
            calls++;
            elapsed = time.GetElapsedTime(start).TotalSeconds;
        }
        while (elapsed < seconds && !cancellation.IsCancellationRequested);
        return elapsed / calls;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values.Count == 0 ? double.NaN : values[values.Count / 2];
    }
}
