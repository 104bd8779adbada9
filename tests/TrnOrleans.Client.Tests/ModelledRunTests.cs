using System.Text.Json;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

/// <summary>Beside the wall clock of this machine stands that of the one that is emulated; and the bits know nothing of it.</summary>
public sealed class ModelledRunTests
{
    private const string Faults =
        """{"faults":[{"kind":"straggler","target":"0/1","at_step":2,"factor":3},{"kind":"hang","target":"1/0","at_step":4,"seconds":0.25},{"kind":"switch_down","target":"1","at_step":6}]}""";

    [Fact]
    public async Task Stragglers_hangs_checkpoints_and_recoveries_show_in_modelled_time()
    {
        using TempFolder folder = new();
        string text = Trn.Text(folder);
        string[] calm = Trn.Train(text, "--ultraservers", "2", "--steps", "8", "--checkpoint-dir", folder.At("calm"), "--checkpoint-every", "4");
        JsonElement[] undisturbed = await Trn.EventsAsync(calm);
        JsonElement[] disturbed = await Trn.EventsAsync(
            Trn.Train(text, "--ultraservers", "2", "--steps", "8", "--checkpoint-dir", folder.At("storm"), "--checkpoint-every", "4", "--chaos", folder.File("faults.json", Faults)));
        JsonElement end = undisturbed[^1];
        JsonElement late = disturbed[^1];
        Assert.Equal(end.GetProperty("digest").GetString(), late.GetProperty("digest").GetString());

        double step = Steps(undisturbed).Distinct().Single();
        Assert.Equal([step, step, step, step, step, step], Steps(disturbed).Where((_, i) => i is not (2 or 4)));
        Assert.InRange(Steps(disturbed)[2], 1.5 * step, 3 * step);
        Assert.Equal(step + 0.25, Steps(disturbed)[4], 1e-9);
        Assert.Equal(60 + step, late.GetProperty("modelled_recovery_seconds").GetDouble(), 1e-9);
        Assert.Equal(0, end.GetProperty("modelled_recovery_seconds").GetDouble());
        Assert.Equal(0, end.GetProperty("modelled_idle_seconds").GetDouble());
        Assert.True(late.GetProperty("modelled_idle_seconds").GetDouble() > 0.2);
        Assert.True(late.GetProperty("modelled_energy_joules").GetDouble() > end.GetProperty("modelled_energy_joules").GetDouble());
        Assert.True(late.GetProperty("mfu").GetDouble() < end.GetProperty("mfu").GetDouble());
        Assert.Equal(2, undisturbed.Count(e => e.GetProperty("event").GetString() == "checkpoint"));
        foreach (JsonElement[] events in new[] { undisturbed, disturbed })
        {
            // Whatever happened is part of the whole, and the clock never goes back.
            JsonElement last = events[^1];
            Assert.True(last.GetProperty("modelled_checkpoint_seconds").GetDouble() > 0);
            Assert.Equal(
                last.GetProperty("modelled_seconds").GetDouble(),
                new[] { "compute", "communication", "idle", "validation", "checkpoint", "recovery" }.Sum(part => last.GetProperty($"modelled_{part}_seconds").GetDouble()), 1e-9);
            double[] clock = [.. events.Where(e => e.TryGetProperty("modelled_seconds", out _)).Select(e => e.GetProperty("modelled_seconds").GetDouble())];
            Assert.Equal(clock.Order(), clock);
            Assert.InRange(last.GetProperty("mfu").GetDouble(), 1e-9, 1);
        }
    }

    [Fact]
    public async Task Another_machine_takes_another_time_for_the_same_bits()
    {
        using TempFolder folder = new();
        string text = Trn.Text(folder);
        JsonElement third = (await Trn.EventsAsync(Trn.Train(text)))[^1];
        JsonElement first = (await Trn.EventsAsync(Trn.Train(text, "--system", "trn1.32xl")))[^1];
        Assert.Equal(third.GetProperty("digest").GetString(), first.GetProperty("digest").GetString());
        Assert.Equal("trn3-gen2", third.GetProperty("modelled_system").GetString());
        Assert.NotEqual(third.GetProperty("modelled_step_seconds").GetDouble(), first.GetProperty("modelled_step_seconds").GetDouble());
        Assert.Contains("trn2", await Trn.RefusedAsync(2, folder, Trn.Train(text, "--system", "trn9")), StringComparison.Ordinal);
        Assert.Contains("16 chips", await Trn.RefusedAsync(2, folder, Trn.Train(text, "--system", "trn1.32xl", "--chips", "20", "--batch", "20")), StringComparison.Ordinal);
        Assert.Contains("--trace", await Trn.RefusedAsync(2, folder, Trn.Train(text, "--trace", folder.At("nowhere/trace.json"))), StringComparison.Ordinal);
        Assert.Contains("--trace", await Trn.RefusedAsync(2, folder, [.. Trn.Train(text, "--trace", folder.At("trace.json"), "--threads", null), "--redis", "127.0.0.1:1", "--detach"]), StringComparison.Ordinal);
    }

    /// <summary>A thread a chip; stretches of each follow one another to the end of the run, and cover all of it.</summary>
    [Fact]
    public async Task A_trace_accounts_for_every_chip_s_time()
    {
        using TempFolder folder = new();
        string path = folder.At("trace.json");
        JsonElement end = (await Trn.EventsAsync(Trn.Train(
            Trn.Text(folder), "--ultraservers", "2", "--steps", "8", "--trace", path, "--chaos", folder.File("faults.json", Faults))))[^1];
        Assert.Equal(path, end.GetProperty("trace").GetString());
        JsonElement[] trace = [.. JsonSerializer.Deserialize<JsonElement>(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).EnumerateArray()];
        var chips = trace.Where(e => e.GetProperty("ph").GetString() == "X").GroupBy(e => (e.GetProperty("pid").GetInt32(), e.GetProperty("tid").GetInt32())).ToArray();
        Assert.Equal([(0, 0), (0, 1), (1, 0), (1, 1)], chips.Select(c => c.Key).Order());
        foreach (var chip in chips)
        {
            double now = 0;
            foreach (JsonElement span in chip)
            {
                Assert.Equal(now, span.GetProperty("ts").GetDouble(), 0.01);
                now = span.GetProperty("ts").GetDouble() + span.GetProperty("dur").GetDouble();
            }

            Assert.Equal(1e6 * end.GetProperty("modelled_seconds").GetDouble(), now, 0.01);
        }

        string[] names = [.. trace.Select(e => e.GetProperty("name").GetString()!).Distinct().Order()];
        Assert.Equal(
            ["all-reduce over UltraServers", "all-reduce over chips", "forward, backward", "process_name", "recovery", "stalled", "thread_name", "update", "validation", "wait"],
            names.Order(StringComparer.Ordinal));
    }

    private static double[] Steps(JsonElement[] events) =>
        [.. events.Where(e => e.GetProperty("event").GetString() == "step").Select(e => e.GetProperty("modelled_step_seconds").GetDouble())];
}
