using System.Globalization;
using System.Text.Json.Nodes;
using TrnOrleans.Models.Json;
using TrnOrleans.Numerics.Measuring;

namespace TrnOrleans.Client.Output;

/// <summary>Shows measurements as they come.</summary>
internal interface IKernelView
{
    /// <summary>A rate of the machine itself.</summary>
    void Ceiling(in KernelRate rate);

    /// <summary>A kernel.</summary>
    void Kernel(in KernelRate rate);
}

/// <summary>One JSON object a line.</summary>
/// <param name="output">Where to.</param>
/// <param name="threads">Compute threads.</param>
internal sealed class KernelJson(TextWriter output, int threads) : IKernelView
{
    public void Ceiling(in KernelRate rate) => Write(rate, withPeak: false);

    public void Kernel(in KernelRate rate) => Write(rate, withPeak: true);

    private void Write(in KernelRate rate, bool withPeak)
    {
        JsonObject line = new() { ["kernel"] = rate.Name.Kernel, ["form"] = rate.Name.Form };
        foreach ((string size, int value) in rate.Name.Sizes)
        {
            line[size] = value;
        }

        string unit = rate.Name.Bound == KernelBound.Arithmetic ? "gflop_per_s" : "gb_per_s";
        line["threads"] = threads;
        line["seconds"] = rate.Seconds;
        line[unit] = rate.Rate;
        if (withPeak)
        {
            line[$"peak_{unit}"] = rate.Peak;
            line["share_of_peak"] = rate.Share;
        }

        output.WriteLine(line.ToJsonString(StrictJson.Compact));
    }
}

/// <summary>A table for people, a line as soon as it is measured.</summary>
/// <param name="output">Where to.</param>
/// <param name="threads">Compute threads.</param>
internal sealed class KernelTable(TextWriter output, int threads) : IKernelView
{
    private bool _started;

    public void Ceiling(in KernelRate rate) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Words.Count(threads, "thread")}, {rate.Name.Form} peak: {rate.Rate:F1} {Unit(rate)}"));

    public void Kernel(in KernelRate rate)
    {
        if (!_started)
        {
            _started = true;
            output.WriteLine();
            output.WriteLine($"{"kernel",-22} {"form",-17} {"size",-50} {"time",12} {"rate",16} {"of peak",8}");
        }

        string sizes = string.Join(", ", rate.Name.Sizes.Select(s => $"{s.Name} {s.Value}"));
        string time = string.Create(CultureInfo.InvariantCulture, $"{rate.Seconds * 1e6:F1} µs");
        string speed = string.Create(CultureInfo.InvariantCulture, $"{rate.Rate:F1} {Unit(rate)}");
        string share = string.Create(CultureInfo.InvariantCulture, $"{100 * rate.Share:F0} %");
        output.WriteLine($"{rate.Name.Kernel,-22} {rate.Name.Form,-17} {sizes,-50} {time,12} {speed,16} {share,8}");
    }

    private static string Unit(in KernelRate rate) => rate.Name.Bound == KernelBound.Arithmetic ? "GFLOP/s" : "GB/s";
}
