using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

/// <summary>Number formats as they are reached from the console.</summary>
public sealed class PrecisionTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("mixed_precisionSR")]
    [InlineData("mxfp4")]
    public async Task A_digest_is_the_same_on_any_threads_and_with_any_vector_instructions(string recipe)
    {
        string[] Arguments(string threads) => Trn.Train(Trn.Text(_folder), "--width", "40", "--hidden", "48", "--precision", recipe, "--threads", threads);
        string digest = await Trn.DigestAsync(Arguments("1"));
        Assert.Equal(digest, await Trn.DigestAsync(Arguments("3")));
        foreach (string setting in new[] { "DOTNET_EnableAVX512", "DOTNET_EnableHWIntrinsic" })
        {
            Assert.Equal(digest, await Trn.DigestAsync(Arguments("2"), new Dictionary<string, string?> { [setting] = "0" }));
        }

        Assert.NotEqual(digest, await Trn.DigestAsync(Trn.Train(Trn.Text(_folder), "--width", "40", "--hidden", "48")));
    }

    [Fact]
    public async Task A_recipe_of_ones_own_goes_through_the_spec_and_back()
    {
        string text = Trn.Text(_folder);
        string file = _folder.File("run.json", """{"precision":{"recipe":"mxfp4","hadamard":true,"bf16_layers":"ends","gradients":"fp16","loss_scale":256,"rounding":"stochastic"}}""");
        ChildProcess.Result spec = await Trn.SucceedAsync([.. Trn.Tiny("spec", text), "--spec", file]);
        JsonElement precision = JsonDocument.Parse(spec.Output).RootElement.GetProperty("precision");
        Assert.Equal(("mxfp4", "ends", 256), (precision.GetProperty("recipe").GetString(), precision.GetProperty("bf16_layers").GetString(), precision.GetProperty("loss_scale").GetDouble()));
        string whole = _folder.File("whole.json", spec.Output);
        Assert.Equal(await Trn.DigestAsync([.. Trn.Train(text), "--spec", file]), await Trn.DigestAsync(["train", "--spec", whole, "--threads", "2"]));

        // An option is another recipe, and keeps nothing of the file's.
        Assert.Equal(await Trn.DigestAsync(Trn.Train(text, "--precision", "bf16")), await Trn.DigestAsync(["train", "--spec", whole, "--precision", "bf16"]));
        JsonElement step = (await Trn.EventsAsync([.. Trn.Train(text), "--spec", file])).First(e => e.GetProperty("event").GetString() == "step");
        Assert.Equal((256, false), (step.GetProperty("loss_scale").GetDouble(), step.GetProperty("skipped").GetBoolean()));
    }

    [Fact]
    public async Task What_formats_do_to_tensors_is_told_when_asked()
    {
        JsonElement[] events = await Trn.EventsAsync(Trn.Train(Trn.Text(_folder), "--precision", "mxfp8", "--numerics-every", "2"));
        JsonElement[] numerics = [.. events.Where(e => e.GetProperty("event").GetString() == "numerics")];
        Assert.Equal([0, 2], numerics.Select(n => n.GetProperty("step").GetInt64()));
        JsonElement gradients = numerics[0].GetProperty("tensors").EnumerateArray().First(t => t.GetProperty("tensor").GetString() == "gradients");
        Assert.InRange(gradients.GetProperty("sqnr_decibels").GetDouble(), 20, 60);
        Assert.Equal("mxfp8", events[^1].GetProperty("precision").GetString());
        ChildProcess.Result plain = await Trn.SucceedAsync(Trn.Train(Trn.Text(_folder), "--precision", "mxfp8", "--numerics-every", "2"));
        Assert.Contains("formats  mxfp8: weights mxfp8_e4m3", plain.Output, StringComparison.Ordinal);
        Assert.Contains("least signal to noise", plain.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recipes_are_compared_with_seeds_for_their_noise()
    {
        string plot = _folder.At("curves.svg");
        string[] arguments = [.. Trn.Tiny("compare-precision", Trn.Text(_folder)), "--threads", "2", "--precisions", "mxfp4,fp32,mixed_precision", "--seeds", "2", "--plot", plot];
        ChildProcess.Result result = await Trn.RunAsync([.. arguments, "--json"]);
        Assert.True(result.ExitCode == 0, result.Errors);
        JsonElement document = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal("fp32", document.GetProperty("baseline").GetString());
        JsonElement[] lines = [.. document.GetProperty("precisions").EnumerateArray()];
        Assert.Equal(["mxfp4", "fp32", "mixed_precision"], lines.Select(l => l.GetProperty("precision").GetString()));
        Assert.All(lines, l => Assert.Equal(2, l.GetProperty("validation_losses").GetArrayLength()));
        Assert.Equal(0, lines[1].GetProperty("gap").GetDouble());
        Assert.Equal(lines[0].GetProperty("validation_loss").GetDouble() - lines[1].GetProperty("validation_loss").GetDouble(), lines[0].GetProperty("gap").GetDouble(), 1e-9);
        Assert.True(document.GetProperty("baseline_deviation").GetDouble() > 0);
        Assert.True(lines[0].GetProperty("modelled_speed_up").GetDouble() > 1);

        // The same runs, one by one.
        foreach (JsonElement line in lines)
        {
            JsonElement alone = (await Trn.EventsAsync(Trn.Train(Trn.Text(_folder), "--precision", line.GetProperty("precision").GetString())))[^1];
            Assert.Equal(alone.GetProperty("validation_loss").GetDouble(), line.GetProperty("validation_losses")[0].GetDouble());
        }

        string svg = await File.ReadAllTextAsync(plot, TestContext.Current.CancellationToken);
        Assert.Equal(3, svg.Split("<polyline").Length - 1);
        Assert.Contains("mixed_precision</text>", svg, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recipes_of_ones_own_are_compared_too_and_told_in_the_events()
    {
        string text = Trn.Text(_folder);
        string own = _folder.File("own.json", """{"precision":{"recipe":"mxfp4","hadamard":true,"scale_rule":"ocp"}}""");
        ChildProcess.Result result = await Trn.RunAsync([.. Trn.Tiny("compare-precision", text), "--threads", "2", "--precisions", $"fp32,{own}", "--seeds", "1", "--json"]);
        Assert.True(result.ExitCode == 0, result.Errors);
        JsonElement line = JsonDocument.Parse(result.Output).RootElement.GetProperty("precisions")[1];
        JsonElement[] alone = await Trn.EventsAsync([.. Trn.Train(text), "--spec", own]);
        Assert.Equal(own, line.GetProperty("precision").GetString());
        Assert.Equal(alone[^1].GetProperty("validation_loss").GetDouble(), line.GetProperty("validation_loss").GetDouble());
        Assert.Equal("ocp", alone[0].GetProperty("precision").GetProperty("scale_rule").GetString());
        ChildProcess.Result plain = await Trn.SucceedAsync([.. Trn.Train(text), "--spec", own]);
        Assert.Contains("formats  mxfp4, but scale_rule ocp, hadamard true: weights", plain.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Saved_weights_are_evaluated_in_another_format()
    {
        string text = Trn.Text(_folder);
        string weights = _folder.At("w.safetensors");
        await Trn.SucceedAsync(Trn.Train(text, "--steps", "30", "--save", weights));
        double Loss(ChildProcess.Result r) => JsonDocument.Parse(r.Output).RootElement.GetProperty("loss").GetDouble();
        double exact = Loss(await Trn.SucceedAsync(["evaluate", "--weights", weights, "--data", text, "--json"]));
        double rounded = Loss(await Trn.SucceedAsync(["evaluate", "--weights", weights, "--data", text, "--precision", "mxfp4", "--json"]));
        Assert.NotEqual(exact, rounded);
        Assert.Equal(exact, rounded, 0.1);
    }

    [Theory]
    [InlineData("fp32", "bf16")]
    [InlineData("bf16", "fp32")]
    public async Task Collectives_are_exact_in_either_type(string type, string other)
    {
        foreach (string operation in new[] { "all_reduce", "reduce_scatter", "all_gather", "broadcast" })
        {
            ChildProcess.Result result = await Trn.SucceedAsync(["allreduce", operation, "-r", "12", "-N", "3", "-b", "64KB", "-n", "2", "-w", "1", "-d", type, "-c", "--threads", "2"]);
            Assert.Contains($"{(type == "bf16" ? 32768 : 16384)}    {type}", result.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(other, result.Output, StringComparison.Ordinal);
            Assert.EndsWith("ok", result.Lines[1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Wrong_formats_are_refused_in_a_sentence()
    {
        string text = Trn.Text(_folder);
        Assert.Contains("--precision takes fp32 or tf32", await Trn.RefusedAsync(2, _folder, Trn.Train(text, "--precision", "fp7")), StringComparison.Ordinal);
        Assert.Contains("--numerics-every is 0", await Trn.RefusedAsync(2, _folder, Trn.Train(text, "--numerics-every", "0")), StringComparison.Ordinal);
        Assert.Contains("precision.weights knows no mxfp5", await SpecAsync("""{"precision":{"weights":"mxfp5"}}"""), StringComparison.Ordinal);
        Assert.Contains("precision.block is 20, which does not divide", await SpecAsync("""{"precision":{"recipe":"mxfp8","block":20}}"""), StringComparison.Ordinal);
        Assert.Contains("precision.loss_scale is 0", await SpecAsync("""{"precision":{"loss_scale":0}}"""), StringComparison.Ordinal);
        Assert.Contains("the nearest known key is precision.rounding", await SpecAsync("""{"precision":{"roundin":"nearest"}}"""), StringComparison.Ordinal);
        string[] compare = [.. Trn.Tiny("compare-precision", text)];
        Assert.Contains("--precisions knows no fp9", await Trn.RefusedAsync(2, _folder, [.. compare, "--precisions", "fp32,fp9"]), StringComparison.Ordinal);
        Assert.Contains("names fp32 twice", await Trn.RefusedAsync(2, _folder, [.. compare, "--precisions", "fp32,fp32"]), StringComparison.Ordinal);
        Assert.Contains("--precisions knows no recipe without a name", await Trn.RefusedAsync(2, _folder, [.. compare, "--precisions", "fp32,"]), StringComparison.Ordinal);
        Assert.Contains("cannot read the spec none.json", await Trn.RefusedAsync(2, _folder, [.. compare, "--precisions", "none.json"]), StringComparison.Ordinal);
        Assert.Contains("precision.rounding takes nearest or stochastic or toward_zero, not up", await SpecAsync("""{"precision":{"rounding":"up"}}"""), StringComparison.Ordinal);
        string hopeless = _folder.File("hopeless.json", """{"precision":{"recipe":"mxfp8","gradients":"fp16","loss_scale":1099511627776}}""");
        Assert.Contains("none of 3 steps was an update", await Trn.RefusedAsync(1, _folder, [.. Trn.Train(text), "--spec", hopeless]), StringComparison.Ordinal);
        using TempFolder elsewhere = new();
        string kept = elsewhere.At("kept");
        await Trn.RefusedAsync(1, _folder, [.. Trn.Train(text), "--spec", hopeless, "--checkpoint-dir", kept]);
        Assert.Contains("none of 3 steps was an update", await Trn.RefusedAsync(1, _folder, "resume", kept), StringComparison.Ordinal);
        ChildProcess.Result beside = await Trn.RunAsync([.. compare, "--precisions", $"fp32,{hopeless}", "--seeds", "1", "--json"]);
        Assert.True(beside.ExitCode == 0, beside.Errors);
        JsonElement[] lines = [.. JsonDocument.Parse(beside.Output).RootElement.GetProperty("precisions").EnumerateArray()];
        Assert.Equal(JsonValueKind.Null, lines[0].GetProperty("failure").ValueKind);
        Assert.Contains("none of", lines[1].GetProperty("failure").GetString(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, lines[1].GetProperty("validation_loss").ValueKind);
        Assert.Contains("--seeds is 0", await Trn.RefusedAsync(2, _folder, [.. compare, "--seeds", "0"]), StringComparison.Ordinal);
        Assert.Contains("leave the first out", await Trn.RefusedAsync(2, _folder, [.. compare, "--precision", "bf16"]), StringComparison.Ordinal);
        Assert.Contains("trn1 does not compute in fp4", await Trn.RefusedAsync(2, _folder, [.. compare, "--system", "trn1.32xl"]), StringComparison.Ordinal);
        Assert.Contains("no such folder", await Trn.RefusedAsync(2, _folder, [.. compare, "--plot", _folder.At("none/p.svg")]), StringComparison.Ordinal);
    }

    private Task<string> SpecAsync(string json) => Trn.RefusedAsync(2, _folder, "train", "--spec", _folder.File("spec.json", json));
}
