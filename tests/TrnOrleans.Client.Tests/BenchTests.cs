using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

/// <summary>`trn bench kernels`: what it says, not how fast this machine is.</summary>
public sealed class BenchTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("attention", "gflop_per_s", "head_width")]
    [InlineData("adamw", "gb_per_s", "elements")]
    public async Task Every_kernel_is_a_line_of_JSON_with_its_rate_and_the_machines_peak(string kernel, string unit, string size)
    {
        JsonElement[] lines = Trn.Events((await Trn.SucceedAsync(["bench", "kernels", "--kernel", kernel, "--seconds", "0.001", "--threads", "1", "--json"])).Lines);
        Assert.Equal(["fma", "copy"], lines[..2].Select(l => l.GetProperty("form").GetString()));
        Assert.All(lines[..2], l => Assert.Equal("ceiling", l.GetProperty("kernel").GetString()));
        Assert.True(lines.Length > 2);
        Assert.All(lines[2..], line =>
        {
            Assert.Equal(kernel, line.GetProperty("kernel").GetString());
            Assert.Equal(1, line.GetProperty("threads").GetInt32());
            Assert.True(line.GetProperty(size).GetInt32() > 0);
            double rate = line.GetProperty(unit).GetDouble();
            double peak = line.GetProperty($"peak_{unit}").GetDouble();
            Assert.True(rate > 0 && peak > 0);
            Assert.Equal(rate / peak, line.GetProperty("share_of_peak").GetDouble(), 1e-9);

            // The rate belongs to the work and the time.
            if (kernel == "adamw")
            {
                double bytes = 7.0 * sizeof(float) * line.GetProperty("elements").GetInt32();
                Assert.Equal(bytes / line.GetProperty("seconds").GetDouble() / 1e9, rate, rate * 1e-9);
            }
        });
    }

    [Fact]
    public async Task People_get_a_table()
    {
        ChildProcess.Result result = await Trn.SucceedAsync(["bench", "kernels", "--kernel", "relu", "--seconds", "0.001", "--threads", "2"]);
        Assert.StartsWith("2 threads, fma peak: ", result.Output, StringComparison.Ordinal);
        Assert.Contains("of peak", result.Output, StringComparison.Ordinal);
        Assert.Contains("relu", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--kernel", "gemn", "--kernel takes gemm or attention")]
    [InlineData("--seconds", "0", "--seconds is 0; it must be above 0")]
    [InlineData("--seconds", "NaN", "--seconds is NaN")]
    [InlineData("--seconds", "1e9", "it must be above 0 and at most 3600")]
    [InlineData("--threads", "0", "--threads is 0")]
    [InlineData("--sizes", "3", "there is no option --sizes")]
    public async Task A_wrong_option_is_named(string option, string value, string reason) =>
        Assert.Contains(reason, await Trn.RefusedAsync(2, _folder, "bench", "kernels", option, value), StringComparison.Ordinal);

    [Fact]
    public async Task What_to_measure_must_be_said() =>
        Assert.Contains("say what to do, such as `trn bench kernels`", await Trn.RefusedAsync(2, _folder, "bench"), StringComparison.Ordinal);
}
