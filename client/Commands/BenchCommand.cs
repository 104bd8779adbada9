using System.CommandLine;
using TrnOrleans.Client.Options;
using TrnOrleans.Client.Output;
using TrnOrleans.Client.Running;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Measuring;

namespace TrnOrleans.Client.Commands;

/// <summary>`trn bench`: how fast this machine is at what the emulation is made of.</summary>
internal static class BenchCommand
{
    private const double MostSeconds = 3600;

    internal static Command Create() => new("bench", "Measures this machine.") { Kernels() };

    private static Command Kernels()
    {
        Option<string?> kernel = Values.Word("--kernel", "Only this kernel.", [.. KernelCatalogue.Kernels]);
        Option<double?> seconds = Values.Number("--seconds", "About how long for each kernel and size; 0.2 by default.");
        Command command = new("kernels", "Speed of each kernel at several sizes, beside this machine's peak of multiply-adds and of copies.");
        command.Options.Add(kernel);
        command.Options.Add(seconds);
        command.Options.Add(CommonOptions.Threads);
        command.Options.Add(CommonOptions.Json);
        command.SetAction(async (result, _) =>
        {
            using StopSignals signals = new();
            int threads = CommonOptions.ThreadsOf(result);
            double each = result.GetValue(seconds) ?? 0.2;
            if (!(each > 0 && each <= MostSeconds))
            {
                throw new InvalidDescriptionException($"--seconds is {each}; it must be above 0 and at most {MostSeconds}");
            }

            IKernelView view = result.GetValue(CommonOptions.Json) ? new KernelJson(Console.Out, threads) : new KernelTable(Console.Out, threads);
            try
            {
                await Measure(view, threads, result.GetValue(kernel), each, signals.Asked);
            }
            catch (OperationCanceledException) when (signals.Asked.IsCancellationRequested)
            {
                // What has been measured is on screen.
            }

            return signals.ExitCode;
        });
        return command;
    }

    private static async Task Measure(IKernelView view, int threads, string? only, double seconds, CancellationToken cancellation)
    {
        using ComputeEngine engine = new(threads);
        using KernelMeter meter = new(engine, TimeProvider.System);
        (KernelRate multiplyAdds, KernelRate copy) = await meter.CeilingsAsync(seconds, cancellation);
        view.Ceiling(multiplyAdds);
        view.Ceiling(copy);
        foreach ((KernelName name, Func<KernelCase> create) in KernelCatalogue.All.Where(c => only is null || c.Name.Kernel == only))
        {
            using KernelCase kernel = create();
            view.Kernel(await meter.MeasureAsync(kernel, seconds, cancellation));
        }
    }
}
