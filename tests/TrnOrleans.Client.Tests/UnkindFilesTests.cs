using System.Text;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

public sealed class UnkindFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Data_that_cannot_be_read_is_refused()
    {
        Assert.Contains("there is no data", await DataAsync(_folder.At("none.txt")), StringComparison.Ordinal);
        Assert.Contains("is empty", await DataAsync(_folder.File("empty.txt", "")), StringComparison.Ordinal);
        Assert.Contains("not UTF-8", await DataAsync(_folder.File("binary", [1, 2, 0xFF, 0xFE])), StringComparison.Ordinal);
        Assert.Contains("zero bytes", await DataAsync(_folder.File("zeros", new byte[5000])), StringComparison.Ordinal);
        Assert.Contains("train-images-idx3-ubyte", await DataAsync(_folder.Root), StringComparison.Ordinal);
        Assert.Contains("the nearest known name is mnist", await DataAsync("mnits"), StringComparison.Ordinal);
        Assert.Contains("there is no data", await DataAsync("two\nlines.txt"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Image_files_that_are_cut_short_or_something_else_are_refused()
    {
        string images = Trn.Images(_folder);
        string[] train = ["train", "--model", "mlp", "--sizes", "4,8,3", "--data", images, "--steps", "1", "--batch", "4"];
        string file = Path.Combine(images, "train-images-idx3-ubyte");
        byte[] good = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        _folder.File("images/train-images-idx3-ubyte", good[..^1]);
        Assert.Contains("fewer than the 160 values", await Trn.RefusedAsync(2, _folder, train), StringComparison.Ordinal);
        _folder.File("images/train-images-idx3-ubyte", [0, 0, 9, 3, .. good[4..]]);
        Assert.Contains("magic number", await Trn.RefusedAsync(2, _folder, train), StringComparison.Ordinal);
        _folder.File("images/train-images-idx3-ubyte", good);
        train[4] = "5,3";
        Assert.Contains("start --sizes with 4", await Trn.RefusedAsync(2, _folder, train), StringComparison.Ordinal);
        Assert.Contains("holds images", await DataAsync(images), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200_000_000L, "", "header of 200000000 bytes")]
    [InlineData(-1L, """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "overlaps")]
    [InlineData(-1L, """{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "hole")]
    [InlineData(-1L, """{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}""", "unknown dtype F33")]
    [InlineData(-1L, """{"a":{"dtype":"F32","shape":[9223372036854775807,3],"data_offsets":[0,4]}}""", "overflows")]
    [InlineData(-1L, """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "cover 4 bytes")]
    [InlineData(-1L, """{"__metadata__":{}}""", "cover 0 bytes")]
    public async Task A_damaged_weight_file_is_refused(long length, string header, string reason)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        string file = _folder.File("w.safetensors", [.. BitConverter.GetBytes(length < 0 ? json.Length : length), .. json, .. new byte[8]]);
        Assert.Contains(reason, await Trn.RefusedAsync(1, _folder, Trn.Train(Trn.Text(_folder), "--init", file)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_spec_that_is_wrong_is_refused_by_its_place()
    {
        Assert.Contains("cannot read the spec", await SpecAsync(null), StringComparison.Ordinal);
        Assert.Contains("is not JSON", await SpecAsync("steps: 3"), StringComparison.Ordinal);
        Assert.Contains("no JSON object", await SpecAsync("[]"), StringComparison.Ordinal);
        Assert.Contains("the nearest known key is training.steps", await SpecAsync("""{"training":{"stepz":3}}"""), StringComparison.Ordinal);
        Assert.Contains("the nearest known key is model", await SpecAsync("""{"modle":{}}"""), StringComparison.Ordinal);
        Assert.Contains("training.steps: the value is not of the right type", await SpecAsync("""{"training":{"steps":"3"}}"""), StringComparison.Ordinal);
        Assert.Contains("uplicate", await SpecAsync("""{"training":{"steps":3,"steps":4}}"""), StringComparison.Ordinal);
        Assert.Contains("training: null", await SpecAsync("""{"training":null}"""), StringComparison.Ordinal);
        Assert.Contains("model: null", await SpecAsync("""{"model":null}"""), StringComparison.Ordinal);
        Assert.Contains("model", await SpecAsync("""{"model":5}"""), StringComparison.Ordinal);
        Assert.Contains("half a character", await SpecAsync("""{"data":{"source":"\ud800"}}"""), StringComparison.Ordinal);
        Assert.Contains("preset and a config", await SpecAsync("""{"model":{"preset":"mlp","config":"x"}}"""), StringComparison.Ordinal);
        Assert.Contains("--chips is 999", await SpecAsync("""{"cluster":{"chips":999}}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_where_weights_cannot_be_saved_is_found_out_before_the_run()
    {
        string text = Trn.Text(_folder);
        Assert.Contains("no such folder", await Trn.RefusedAsync(2, _folder, Trn.Train(text, "--save", _folder.At("none/w"))), StringComparison.Ordinal);
        Assert.Contains("is a folder", await Trn.RefusedAsync(2, _folder, Trn.Train(text, "--save", _folder.Root)), StringComparison.Ordinal);
        Assert.Contains("cannot write --save", await Trn.RefusedAsync(2, _folder, Trn.Train(text, "--save", "/dev/full/x")), StringComparison.Ordinal);
        Assert.Contains("cannot write --save", await Trn.RefusedAsync(2, _folder, Trn.Train(text, "--save", Path.Combine(text, "w"))), StringComparison.Ordinal);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "there is no /dev here");
        Assert.Contains("is a device", await Trn.RefusedAsync(2, _folder, Trn.Train(text, "--save", "/dev/null")), StringComparison.Ordinal);
    }

    private Task<string> DataAsync(string data) => Trn.RefusedAsync(2, _folder, Trn.Train(data));

    private Task<string> SpecAsync(string? json) =>
        Trn.RefusedAsync(2, _folder, "train", "--spec", json is null ? _folder.At("none.json") : _folder.File("spec.json", json));
}
