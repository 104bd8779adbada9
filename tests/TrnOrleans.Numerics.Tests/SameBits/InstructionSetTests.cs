using TrnOrleans.Tests;

namespace TrnOrleans.Numerics.Tests;

/// <summary>The machine's vector instructions and threads are no part of a result: a program of its own computes every kernel under each.</summary>
public sealed class InstructionSetTests
{
    private static readonly Lazy<Task<string[]>> s_plain = new(() => RunAsync([], null));

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public async Task Every_kernel_has_the_same_bits_without_an_instruction_set(string variable) =>
        AssertSame(await s_plain.Value, await RunAsync([], variable), $"{variable}=0");

    [Theory]
    [InlineData(1, null)]
    [InlineData(2, null)]
    [InlineData(3, null)]
    [InlineData(3, "DOTNET_EnableHWIntrinsic")]
    public async Task Every_kernel_has_the_same_bits_on_any_number_of_threads(int threads, string? variable) =>
        AssertSame(await s_plain.Value, await RunAsync([$"{threads}"], variable), $"{threads} threads, {variable}");

    private static async Task<string[]> RunAsync(string[] arguments, string? disabled)
    {
        Dictionary<string, string?> environment = disabled is null ? [] : new() { [disabled] = "0" };
        ChildProcess.Result result = await ChildProcess.DotnetAsync("TrnOrleans.Numerics.Bits", arguments, environment);
        Assert.True(result.ExitCode == 0, result.Errors);
        return result.Lines;
    }

    private static void AssertSame(string[] plain, string[] other, string how)
    {
        Assert.True(plain.Length > 40, "the program lists every kernel");
        string[] different = [.. plain.Except(other).Select(line => line.Split(' ')[0])];
        Assert.True(different.Length == 0, $"with {how} these kernels have other bits: {string.Join(", ", different)}");
        Assert.Equal(plain, other);
    }
}
