using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Training;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Tests.Runs;

/// <summary>
/// Ten steps of a GPT on Tiny Shakespeare from a deterministic start, against losses of an independent C implementation in FP32
/// (any correct one agrees to 1e-4).
/// </summary>
public sealed class OracleTests
{
    private static readonly double[] s_losses =
        [4.201262, 3.794287, 3.669873, 3.601611, 3.514495, 3.453365, 4.327137, 3.343436, 3.341163, 3.280048];

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(6, 2)]
    public async Task The_first_ten_losses_are_the_oracle_s(int chips, int ultraServers)
    {
        string text = Path.Combine(Environment.GetEnvironmentVariable("TRN_DATA") ?? string.Empty, "tinyshakespeare.txt");
        Assert.SkipUnless(File.Exists(text), "TRN_DATA names no folder with tinyshakespeare.txt");
        string start = Path.Combine(Directory.CreateTempSubdirectory("trn-oracle").FullName, "oracle.safetensors");
        await WriteStartAsync(start);
        await using TestSilo silo = await TestSilo.StartAsync();
        double[] losses = TestSilo.Losses(await silo.TrainAsync(new RunSpec
        {
            Model = Presets.GptNano,
            Data = new DataSpec { Source = text, Order = SampleOrder.Sequential },
            Cluster = new ClusterSpec { Chips = chips, UltraServers = ultraServers },
            Optimizer = new OptimizerSpec { WeightDecay = 0.1, DecayAll = true, Beta2 = 0.99 },
            Training = new TrainingSpec { Steps = 10, Batch = 12, LearningRate = 1e-3 },
            Init = new InitSpec(start),
        }));
        Assert.Equal(s_losses.Length, losses.Length);
        for (int step = 0; step < losses.Length; step++)
        {
            Assert.Equal(s_losses[step], losses[step], 1e-4);
        }

        Directory.Delete(Path.GetDirectoryName(start)!, recursive: true);
    }

    /// <summary>The oracle's start: splitmix64 over all parameters, tensor by tensor over all layers, matrices out × in.</summary>
    private static async Task WriteStartAsync(string path)
    {
        Network network = NetworkFactory.Create(Presets.GptNano with { Vocabulary = 65 });
        using AlignedBuffer weights = new(network.Layout.Length);
        string[] order =
        [
            "tokens.weight", "positions.weight", "norm1.weight", "norm1.bias", "attention.qkv.weight", "attention.qkv.bias", "attention.output.weight",
            "attention.output.bias", "norm2.weight", "norm2.bias", "feedforward.up.weight", "feedforward.up.bias", "feedforward.down.weight",
            "feedforward.down.bias", "norm.weight", "norm.bias",
        ];
        ulong counter = 0;
        foreach (string name in order)
        {
            foreach (Parameter parameter in network.Layout.Parameters.Where(p => p.Name == name || p.Name.EndsWith($".{name}", StringComparison.Ordinal) && p.Name.StartsWith("layers.", StringComparison.Ordinal)))
            {
                Span<float> values = weights.Span(parameter.Offset, parameter.Length);
                bool residual = name is "attention.output.weight" or "feedforward.down.weight";
                foreach (ref float value in values)
                {
                    double u = ((SplitMix64(counter++) >> 40) / (double)(1 << 24)) - 0.5;
                    value = name.EndsWith("bias", StringComparison.Ordinal) ? 0
                        : name.Contains("norm", StringComparison.Ordinal) ? 1
                        : (float)(0.02 * 3.4641016 * u / (residual ? Math.Sqrt(8) : 1));
                }
            }
        }

        Assert.Equal(809_856UL, counter);
        await AtomicFile.WriteAsync(path, stream => WeightFile.WriteAsync(stream, network, new Dictionary<string, string>(), (offset, target) =>
        {
            weights.Span(offset, target.Length).CopyTo(target.Span);
            return Task.CompletedTask;
        }));
    }

    private static ulong SplitMix64(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
