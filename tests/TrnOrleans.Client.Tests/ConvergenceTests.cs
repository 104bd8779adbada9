using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

/// <summary>Real networks on real data learn what they should, as far as a minute of tests can show; skipped where the data is not.</summary>
public sealed class ConvergenceTests
{
    /// <summary>A quarter of the 2,000 steps in which this network reaches 1.75; a bigram model stands at 2.48.</summary>
    [Fact]
    public async Task Gpt_nano_is_well_below_a_bigram_model_after_500_steps_on_Tiny_Shakespeare()
    {
        string text = Path.Combine(Environment.GetEnvironmentVariable("TRN_DATA") ?? string.Empty, "tinyshakespeare.txt");
        Assert.SkipUnless(File.Exists(text), "TRN_DATA names no folder with tinyshakespeare.txt");
        JsonElement end = await EndAsync("--data", text, "--steps", "500", "--eval-every", "0");
        Assert.InRange(end.GetProperty("validation_loss").GetDouble(), 1.5, 2.15);
    }

    /// <summary>The first tenth of 2,000 steps: what formats cost shows early. With TRN_SOAK=1 all of them.</summary>
    [Fact]
    public async Task Gpt_nano_converges_in_the_chips_own_formats()
    {
        string text = Path.Combine(Environment.GetEnvironmentVariable("TRN_DATA") ?? string.Empty, "tinyshakespeare.txt");
        Assert.SkipUnless(File.Exists(text), "TRN_DATA names no folder with tinyshakespeare.txt");
        string steps = Environment.GetEnvironmentVariable("TRN_SOAK") == "1" ? "2000" : "200";
        ChildProcess.Result result = await ChildProcess.DotnetAsync(
            "trn", ["compare-precision", "--data", text, "--steps", steps, "--eval-every", "0", "--seeds", "1", "--precisions", "fp32,mixed_precision,bf16,bf16SR,mxfp8", "--json"]);
        Assert.True(result.ExitCode == 0, result.Errors);
        Dictionary<string, double> gaps = JsonDocument.Parse(result.Output).RootElement.GetProperty("precisions").EnumerateArray()
            .ToDictionary(p => p.GetProperty("precision").GetString()!, p => p.GetProperty("gap").GetDouble());
        Assert.InRange(gaps["mixed_precision"], -0.01, 0.01);
        Assert.InRange(gaps["bf16SR"], -0.02, 0.02);
        Assert.InRange(gaps["mxfp8"], -0.03, 0.03);

        // Rounded to nearest, small updates are lost.
        Assert.InRange(gaps["bf16"], Math.Abs(gaps["bf16SR"]) + 0.005, 0.2);
    }

    [Fact]
    public async Task An_mlp_learns_Fashion_MNIST_over_16_chips()
    {
        Assert.SkipUnless(Directory.Exists("/usr/share/datasets/fashion-mnist"), "Debian's dataset-fashion-mnist is not installed");
        JsonElement end = await EndAsync("--model", "mlp", "--data", "fashion-mnist", "--chips", "16", "--epochs", "2", "--eval-every", "0");
        Assert.InRange(end.GetProperty("accuracy").GetDouble(), 0.845, 0.95);
    }

    /// <summary>144 chips share the weights and a few gradient buffers: memory grows with the logarithm of the chips.</summary>
    [Fact]
    public async Task An_UltraServer_of_144_chips_trains_gpt_mini_in_little_memory()
    {
        string folder = Directory.CreateTempSubdirectory("trn-144").FullName;
        string text = Path.Combine(folder, "text.txt");
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Range(0, 400).Select(i => $"{i} times {i} is {i * i}. ")), TestContext.Current.CancellationToken);
        JsonElement end = await EndAsync("--model", "gpt-mini", "--data", text, "--chips", "144", "--batch", "144", "--steps", "2", "--eval-every", "0");
        Assert.InRange(end.GetProperty("peak_memory_bytes").GetInt64(), 1, 1_200_000_000);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<JsonElement> EndAsync(params string[] options)
    {
        ChildProcess.Result result = await ChildProcess.DotnetAsync("trn", ["train", "--json", .. options]);
        Assert.True(result.ExitCode == 0, result.Errors);
        JsonElement end = JsonDocument.Parse(result.Lines[^1]).RootElement;
        Assert.Equal("end", end.GetProperty("event").GetString());
        return end;
    }
}
