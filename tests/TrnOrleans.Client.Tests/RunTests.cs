using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

public sealed class RunTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Json_is_one_event_a_line_with_the_keys_that_were_promised()
    {
        JsonElement[] events = await Trn.EventsAsync(Trn.Train(Trn.Text(_folder), "--steps", "6", "--eval-every", "2"));
        Assert.Equal("start", events[0].GetProperty("event").GetString());
        JsonElement[] steps = [.. events.Where(e => e.GetProperty("event").GetString() == "step")];
        Assert.Equal([0, 1, 2, 3, 4, 5], steps.Select(s => s.GetProperty("step").GetInt32()));
        Assert.All(steps, s => Assert.True(
            s.GetProperty("loss").GetDouble() > 0 && s.GetProperty("learning_rate").GetDouble() > 0 && s.GetProperty("tokens_per_second").GetDouble() > 0));
        JsonElement[] validations = [.. events.Where(e => e.GetProperty("event").GetString() == "validation")];
        Assert.Equal([2, 4, 6], validations.Select(s => s.GetProperty("step").GetInt32()));
        JsonElement end = events[^1];
        Assert.Equal("end", end.GetProperty("event").GetString());
        Assert.Equal(6, end.GetProperty("steps").GetInt32());
        Assert.False(end.GetProperty("stopped").GetBoolean());
        Assert.Equal(validations[^1].GetProperty("digest").GetString(), end.GetProperty("digest").GetString());
        Assert.Equal(validations[^1].GetProperty("loss").GetDouble(), end.GetProperty("validation_loss").GetDouble());
        foreach (string key in new[] { "accuracy", "tokens_per_second", "wall_seconds", "peak_memory_bytes" })
        {
            Assert.True(end.GetProperty(key).GetDouble() > 0, key);
        }
    }

    [Fact]
    public async Task Without_a_terminal_there_are_plain_lines()
    {
        ChildProcess.Result result = await Trn.SucceedAsync(Trn.Train(Trn.Text(_folder)));
        Assert.DoesNotContain('\u001b', result.Output);
        Assert.DoesNotContain('\r', result.Output);
        Assert.Contains(result.Lines, l => l.StartsWith("step      3/3  loss ", StringComparison.Ordinal));
        Assert.Contains(result.Lines, l => l.StartsWith("digest", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_saved_evaluates_to_the_loss_of_the_run_and_generates_the_same_text_again()
    {
        string text = Trn.Text(_folder);
        string weights = _folder.At("w.safetensors");
        JsonElement end = (await Trn.EventsAsync(Trn.Train(text, "--save", weights)))[^1];
        Assert.Equal(weights, end.GetProperty("saved").GetString());
        Assert.Equal(["text.txt", "w.safetensors"], _folder.Names);
        JsonElement evaluated = (await Trn.EventsAsync(["evaluate", "--weights", weights, "--data", text]))[^1];
        Assert.Equal(end.GetProperty("validation_loss").GetDouble(), evaluated.GetProperty("loss").GetDouble(), 1e-6);
        Assert.Equal(end.GetProperty("accuracy").GetDouble(), evaluated.GetProperty("accuracy").GetDouble(), 1e-9);
        string[] generate = ["generate", "--weights", weights, "--tokens", "60", "--prompt", "the king"];
        string once = (await Trn.SucceedAsync([.. generate, "--seed", "5"])).Output;
        Assert.StartsWith("the king", once, StringComparison.Ordinal);
        Assert.Equal("the king".Length + 60 + 1, once.Length);
        Assert.Equal(once, (await Trn.SucceedAsync([.. generate, "--seed", "5", "--threads", "2"])).Output);
        Assert.NotEqual(once, (await Trn.SucceedAsync([.. generate, "--seed", "6"])).Output);
        Assert.Contains("'é' is not in the vocabulary", await Trn.RefusedAsync(2, _folder, "generate", "--weights", weights, "--prompt", "thé"), StringComparison.Ordinal);
        Assert.Contains("no such file", await Trn.RefusedAsync(1, _folder, "evaluate", "--weights", _folder.At("none")), StringComparison.Ordinal);
        string errors = await Trn.RefusedAsync(1, _folder, Trn.Train(text, "--init", weights, "--width", "24"));
        Assert.Contains("transformer.wte.weight is [17 × 16], and the network needs [17 × 24]", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_without_a_character_cannot_become_text()
    {
        string weights = _folder.At("w");
        await Trn.SucceedAsync(Trn.Train(Trn.Text(_folder), "--vocabulary", "300", "--save", weights));
        Assert.Contains("knows 300 tokens", await Trn.RefusedAsync(2, _folder, "generate", "--weights", weights), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_printed_spec_is_the_same_run_and_options_go_over_it()
    {
        string text = Trn.Text(_folder);
        string digest = await Trn.DigestAsync(Trn.Train(text));
        string spec = _folder.File("spec.json", (await Trn.SucceedAsync(Trn.Tiny("spec", text))).Output);
        Assert.Equal(digest, await Trn.DigestAsync(["train", "--spec", spec]));
        Assert.Equal(await Trn.DigestAsync(Trn.Train(text, "--seed", "3")), await Trn.DigestAsync(["train", "--spec", spec, "--seed", "3"]));
        string pinned = _folder.File("pinned.json", (await Trn.SucceedAsync([.. Trn.Tiny("spec", text), "--pin"])).Output);
        Assert.Equal(digest, await Trn.DigestAsync(["train", "--spec", pinned]));
        File.AppendAllText(text, "king");
        Assert.Contains("SHA-256", await Trn.RefusedAsync(2, _folder, "train", "--spec", pinned), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_of_data_sets_is_json()
    {
        JsonElement list = (await Trn.EventsAsync(["data"])).Single();
        JsonElement own = list.EnumerateArray().Single(e => e.GetProperty("name").GetString() == "source");
        Assert.True(own.GetProperty("present").GetBoolean());
        Assert.Contains(list.EnumerateArray(), e => e.GetProperty("name").GetString() == "mnist");
    }

    [Fact]
    public async Task A_loss_that_is_no_number_ends_the_run_with_the_step()
    {
        string[] arguments = Trn.Train(
            Trn.Text(_folder), "--learning-rate", "1e30", "--clip", "0", "--schedule", "constant", "--optimizer", "sgd", "--save", _folder.At("w"));
        Assert.Matches("loss .* step [0-9]+", await Trn.RefusedAsync(1, _folder, arguments));
    }
}
