using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

/// <summary>Threads, runs and instruction sets change nothing in any bit.</summary>
public sealed class SameBitsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("gpt-nano")]
    [InlineData("llama-nano")]
    [InlineData("mlp")]
    public async Task A_digest_depends_on_the_spec_and_on_nothing_else(string model)
    {
        string digest = await Trn.DigestAsync(Arguments(model, "1"));
        foreach (string threads in new[] { "1", "2", "3" })
        {
            Assert.Equal(digest, await Trn.DigestAsync(Arguments(model, threads)));
        }

        foreach (string setting in new[] { "DOTNET_EnableAVX512", "DOTNET_EnableAVX2", "DOTNET_EnableHWIntrinsic" })
        {
            Assert.Equal(digest, await Trn.DigestAsync(Arguments(model, "2"), new Dictionary<string, string?> { [setting] = "0" }));
        }

        Assert.NotEqual(digest, await Trn.DigestAsync([.. Arguments(model, "1"), "--seed", "2"]));
    }

    private string[] Arguments(string model, string threads) => model == "mlp"
        ? ["train", "--model", model, "--sizes", "4,24,3", "--data", Trn.Images(_folder), "--steps", "3", "--batch", "8", "--chips", "2", "--threads", threads]
        : Trn.Train(Trn.Text(_folder), "--model", model, "--threads", threads);
}
