using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests.PyTorch;

/// <summary>What is trained here means the same elsewhere, and the other way round.</summary>
public sealed class ElsewhereTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trn-elsewhere").FullName;

    [Fact]
    public async Task Saved_gpt_weights_have_the_same_validation_loss_in_PyTorch()
    {
        PyTorchReference.SkipUnlessThere();
        string text = WriteText();
        string weights = Path.Combine(_folder, "gpt.safetensors");
        double here = await ValidationLossAsync([
            "train", "--model", "gpt-nano", "--layers", "2", "--heads", "4", "--width", "32", "--context", "16", "--data", text, "--chips", "3", "--batch", "6",
            "--steps", "40", "--eval-every", "0", "--learning-rate", "0.01", "--save", weights, "--json",
        ]);
        string config = Write("config.json", """{"architectures":["GPT2LMHeadModel"],"n_layer":2,"n_head":4,"n_positions":16,"layer_norm_epsilon":1e-5}""");
        Assert.Equal(PyTorchReference.Losses("evaluate", config, weights, text).Single(), here, 1e-4);
    }

    [Fact]
    public async Task A_llama_from_a_config_and_weights_trains_as_in_PyTorch()
    {
        PyTorchReference.SkipUnlessThere();
        string text = WriteText();
        int vocabulary = File.ReadAllText(text).Distinct().Count();
        string config = Write("config.json", $$"""
            {"architectures":["LlamaForCausalLM"],"hidden_act":"silu","hidden_size":48,"intermediate_size":80,"num_attention_heads":6,"num_key_value_heads":2,
             "num_hidden_layers":2,"max_position_embeddings":24,"rms_norm_eps":1e-5,"rope_theta":500.0,"vocab_size":{{vocabulary}},"tie_word_embeddings":false}
            """);
        string start = Path.Combine(_folder, "start.safetensors");
        string saved = Path.Combine(_folder, "saved.safetensors");
        PyTorchReference.Script("start", config, start);
        double[] there = PyTorchReference.Losses("train", config, start, text, "8", "6");
        string[] arguments =
        [
            "train", "--model", config, "--init", start, "--data", text, "--order", "sequential", "--batch", "6", "--steps", "8", "--decay-all", "--clip", "0",
            "--schedule", "constant", "--learning-rate", "1e-3", "--beta2", "0.99", "--weight-decay", "0.1", "--json", "--eval-every", "0", "--save", saved,
        ];
        foreach (string[] chips in new[] { new[] { "--chips", "1" }, ["--chips", "3", "--ultraservers", "2"] })
        {
            ChildProcess.Result result = await ChildProcess.DotnetAsync("trn", [.. arguments, .. chips]);
            Assert.True(result.ExitCode == 0, result.Errors);
            double[] here = [.. Events(result, "step").Select(e => e.GetProperty("loss").GetDouble())];
            Assert.Equal(there.Length, here.Length);
            for (int step = 0; step < there.Length; step++)
            {
                Assert.Equal(there[step], here[step], 1e-4);
            }

            double validation = Events(result, "end").Single().GetProperty("validation_loss").GetDouble();
            Assert.Equal(PyTorchReference.Losses("evaluate", config, saved, text).Single(), validation, 1e-4);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IEnumerable<JsonElement> Events(ChildProcess.Result result, string kind) =>
        result.Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(e => e.GetProperty("event").GetString() == kind);

    private static async Task<double> ValidationLossAsync(string[] arguments)
    {
        ChildProcess.Result result = await ChildProcess.DotnetAsync("trn", arguments);
        Assert.True(result.ExitCode == 0, result.Errors);
        return Events(result, "end").Single().GetProperty("validation_loss").GetDouble();
    }

    /// <summary>Words that a small network can learn something of; no line feeds, which Python would translate.</summary>
    private string WriteText() =>
        Write("text.txt", string.Concat(Enumerable.Range(0, 900).Select(i => $"{i} squared is {(long)i * i}, and {i % 7} is its rest by seven; ")));

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
