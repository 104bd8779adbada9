using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

public sealed class UnkindOptionsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--batch", "5", "the nearest sizes that do: 4 or 6")]
    [InlineData("--batch", "1", "the nearest sizes that do: 2")]
    [InlineData("--batch", "0", "--batch is 0")]
    [InlineData("--chips", "0", "--chips is 0; an UltraServer has 1 to 144 chips")]
    [InlineData("--chips", "145", "--chips is 145; an UltraServer has 1 to 144 chips")]
    [InlineData("--chips", "-1", "--chips is -1")]
    [InlineData("--ultraservers", "0", "--ultraservers is 0")]
    [InlineData("--learning-rate", "NaN", "--learning-rate is NaN")]
    [InlineData("--learning-rate", "Infinity", "--learning-rate is")]
    [InlineData("--learning-rate", "-1", "--learning-rate is -1; it must be a number above 0")]
    [InlineData("--learning-rate", "0,1", "--learning-rate takes a number, not 0,1")]
    [InlineData("--steps", "0", "--steps is 0")]
    [InlineData("--steps", "abc", "--steps takes a whole number, not abc")]
    [InlineData("--steps", "99999999999999999999", "--steps takes a whole number")]
    [InlineData("--seed", "-1", "--seed takes a whole number of at least 0, not -1")]
    [InlineData("--stepz", "3", "there is no option --stepz; the nearest is --steps")]
    [InlineData("--model", "gpt-nanno", "there is no model gpt-nanno; known are mlp, gpt-nano")]
    [InlineData("--model", "none.json", "there is no file none.json")]
    [InlineData("--model", "mlp", "is text, and an mlp reads images")]
    [InlineData("--context", "5000", "is too short for a context of 5000")]
    [InlineData("--context", "0", "context is 0")]
    [InlineData("--threads", "0", "--threads is 0")]
    [InlineData("--threads", "100000", "--threads is 100000")]
    [InlineData("--dropout", "1", "dropout is 1")]
    [InlineData("--heads", "3", "a width of 16 does not divide over 3 heads")]
    [InlineData("--heads", "0", "heads is 0")]
    [InlineData("--schedule", "linear", "--schedule takes constant or cosine, not linear")]
    [InlineData("--validation-fraction", "1", "it must be above 0 and below 1")]
    [InlineData("--epochs", "-1", "--epochs is -1")]
    [InlineData("--epochs", "1", "--epochs and --steps are both given")]
    [InlineData("--vocabulary", "3", "has 17 different characters, and the network knows 3 tokens")]
    [InlineData("--width", "9999999999", "model.width is 9999999999; it must be a whole number between 1 and 16777216")]
    [InlineData("--data", "", "--data is empty")]
    [InlineData("--save", "", "--save is empty")]
    [InlineData("--spec", "", "--spec is empty")]
    [InlineData("--init", "", "--init is empty")]
    public async Task A_wrong_option_is_named_with_what_would_be_right(string option, string value, string reason)
    {
        string errors = await Trn.RefusedAsync(2, _folder, Trn.Train(Trn.Text(_folder), option, value));
        Assert.Contains(reason, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_and_stray_words_are_named()
    {
        Assert.Contains("there is no command tran; the nearest is train", await Trn.RefusedAsync(2, _folder, "tran"), StringComparison.Ordinal);
        Assert.Contains("say what to do", await Trn.RefusedAsync(2, _folder), StringComparison.Ordinal);
        Assert.Contains("extra", await Trn.RefusedAsync(2, _folder, [.. Trn.Train(Trn.Text(_folder)), "extra"]), StringComparison.Ordinal);
        Assert.Contains("--steps", await Trn.RefusedAsync(2, _folder, "train", "--steps"), StringComparison.Ordinal);
        Assert.Contains("--steps", await Trn.RefusedAsync(2, _folder, "train", "--steps", "1", "--steps", "2"), StringComparison.Ordinal);
        Assert.Contains("--weights", await Trn.RefusedAsync(2, _folder, "evaluate"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_network_that_no_machine_holds_is_refused_before_memory_is_taken()
    {
        string config = _folder.File(
            "config.json",
            """
            {"architectures":["LlamaForCausalLM"],"hidden_act":"silu","hidden_size":8192,"intermediate_size":28672,"max_position_embeddings":4096,
            "num_attention_heads":64,"num_hidden_layers":800,"num_key_value_heads":8,"rms_norm_eps":1e-05,"vocab_size":32000}
            """);
        string text = Trn.Text(_folder);
        string errors = await Trn.RefusedAsync(2, _folder, "train", "--model", config, "--data", text, "--context", "8", "--batch", "4", "--chips", "1");
        Assert.Matches("needs [0-9.]+ GiB for [0-9,]+ parameters", errors);
        errors = await Trn.RefusedAsync(2, _folder, Trn.Train(text, "--width", "4000000", "--hidden", "16", "--vocabulary", "16000000"));
        Assert.Contains(", and the machine has", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heads_that_are_too_wide_together_are_refused()
    {
        string[] arguments = Trn.Train(Trn.Text(_folder), "--model", "llama-nano", "--heads", "65536", "--kv-heads", "65536", "--head-width", "65536");
        Assert.Contains("65536 heads of width 65536", await Trn.RefusedAsync(2, _folder, arguments), StringComparison.Ordinal);
    }
}
