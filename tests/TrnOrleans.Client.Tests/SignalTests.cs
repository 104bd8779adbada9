using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

public class SignalTests
{
    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_ends_the_run_at_a_step_with_everything_saved(string signal, int code)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there are no such signals here");
        using TempFolder folder = new();
        string text = Trn.Text(folder);
        string weights = folder.At("w.safetensors");
        using Process process = ChildProcess.Start("trn", [.. Trn.Train(text, "--steps", "10000000", "--eval-every", "0", "--save", weights), "--json"]);
        List<string> lines = [];
        using (CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken))
        {
            deadline.CancelAfter(TimeSpan.FromMinutes(1));
            while (lines.Count(l => l.Contains("\"step\"", StringComparison.Ordinal)) < 3)
            {
                lines.Add(await process.StandardOutput.ReadLineAsync(deadline.Token) ?? throw new InvalidOperationException("the run ended by itself"));
            }
        }

        using (Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, kill.ExitCode);
        }

        ChildProcess.Result result = await ChildProcess.FinishAsync(process, "trn train");
        Assert.Equal(code, result.ExitCode);
        Assert.Empty(result.Errors);
        JsonElement[] events = [.. Trn.Events(lines), .. Trn.Events(result.Lines)];
        JsonElement end = events[^1];
        Assert.Equal("end", end.GetProperty("event").GetString());
        Assert.True(end.GetProperty("stopped").GetBoolean());
        Assert.Matches("^[0-9a-f]{32,}$", end.GetProperty("digest").GetString());
        int steps = events.Count(e => e.GetProperty("event").GetString() == "step");
        Assert.Equal(steps, end.GetProperty("steps").GetInt32());
        Assert.Equal(["text.txt", "w.safetensors"], folder.Names);
        await Trn.SucceedAsync(["evaluate", "--weights", weights, "--data", text]);
    }
}
