using TrnOrleans.Chaos.Checking;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Journal;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Tests.Runs;
using TrnOrleans.Tests;

namespace TrnOrleans.Chaos.Tests;

/// <summary>Where no replica is left, the newest whole checkpoint is, and the bits come out the same.</summary>
public sealed class ColdStartTests
{
    private const int Steps = 20;

    /// <summary>The only replica loses a shard: before the first checkpoint, in the step behind one, and between two.</summary>
    [Theory]
    [InlineData(3, 0)]
    [InlineData(10, 10)]
    [InlineData(17, 15)]
    public async Task The_only_replica_that_is_lost_costs_no_more_than_an_interval(int at, int from)
    {
        RunSpec spec = TestSilo.TinySpec(chips: 3, steps: Steps);
        using TempFolder folder = new();
        FaultManifest manifest = new() { Faults = [new FaultRule { Kind = "hbm_error", Target = "0/1", AtStep = at }] };
        ChaosRun.Result result = await ChaosRun.OfAsync(spec, manifest, Kept(folder, 5, 2));
        Assert.Empty(ChaosRun.Violations(result, await ChaosRun.FaultFreeDigestAsync(spec)));
        RunRecovered cold = Assert.Single(result.Journals.SelectMany(j => j).OfType<RunRecovered>());
        Assert.True(cold.IsCold);

        Assert.Equal(from, cold.Step);
        Assert.Equal(Enumerable.Range(0, Steps).Select(s => (long)s), result.Events.OfType<StepEvent>().Select(s => s.Step));
        Assert.Equal([20L, 15], new Grains.Checkpoints.CheckpointFolder(folder.At("c")).Steps());
    }

    /// <summary>Resumed from each of its checkpoints, on any number of threads, a run ends as if nothing had been.</summary>
    [Fact]
    public async Task A_resumed_run_has_the_bits_of_one_that_was_never_interrupted()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 2, ultraServers: 2, steps: Steps);
        using TempFolder folder = new();
        ChaosRun.Result whole = await ChaosRun.OfAsync(spec, new FaultManifest(), Kept(folder, 4, 100));
        Assert.Empty(ChaosRun.Violations(whole, null));
        string digest = TestSilo.End(whole.Events).Digest;
        double[] losses = TestSilo.Losses(whole.Events);
        foreach (int from in new[] { 20, 16, 8 })
        {
            foreach (string later in Directory.GetDirectories(folder.At("c")).Where(d => string.CompareOrdinal(Path.GetFileName(d), $"step-{from:D12}") > 0))
            {
                Directory.Delete(later, recursive: true);
            }

            ChaosRun.Result resumed = await ChaosRun.OfAsync(spec, new FaultManifest(), Kept(folder, 4, 100) with { Resumes = true }, threads: 1 + (from % 3));
            Assert.Empty(ChaosRun.Violations(resumed, digest));
            Assert.Equal(from, resumed.Events.OfType<LayoutEvent>().First().Step);
            Assert.Equal(losses[from..], TestSilo.Losses(resumed.Events));
        }
    }

    /// <summary>A disk that rots while the run goes on: the checkpoint before it, which costs more steps and no bit.</summary>
    [Fact]
    public async Task A_damaged_checkpoint_is_left_out_and_said()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 2, steps: Steps);
        using TempFolder folder = new();
        ChaosRun.Result first = await ChaosRun.OfAsync(spec, new FaultManifest(), Kept(folder, 5, 100));
        foreach (int step in new[] { 20, 15 })
        {
            string shard = Directory.GetFiles(folder.At($"c/step-{step:D12}"), "*.safetensors")[0];
            byte[] bytes = await File.ReadAllBytesAsync(shard, TestSilo.Token);
            bytes[^1] ^= 1;
            await File.WriteAllBytesAsync(shard, bytes, TestSilo.Token);
        }

        ChaosRun.Result resumed = await ChaosRun.OfAsync(spec, new FaultManifest(), Kept(folder, 5, 100) with { Resumes = true });
        Assert.Empty(ChaosRun.Violations(resumed, TestSilo.End(first.Events).Digest));
        Assert.Equal([20L, 15], resumed.Events.OfType<CheckpointEvent>().Where(c => c.Report.Failure is not null).Select(c => c.Report.Step));
        Assert.Equal(10, resumed.Events.OfType<LayoutEvent>().First().Step);
        Assert.Equal([20L, 15, 10, 5], new Grains.Checkpoints.CheckpointFolder(folder.At("c")).Steps());
        Assert.Empty(Grains.Checkpoints.CheckpointFiles.Newest(new Grains.Checkpoints.CheckpointFolder(folder.At("c")), null).Refused);
    }

    /// <summary>The folder goes away in mid-run: that costs checkpoints, and not the run.</summary>
    [Fact]
    public async Task A_disk_that_takes_nothing_costs_no_run()
    {
        RunSpec spec = TestSilo.TinySpec(chips: 2, steps: Steps);
        using TempFolder folder = new();
        string place = folder.At("c");
        await using TestSilo silo = await ChaosRun.StartSiloAsync(folder);
        ITrainingRun run = silo.Run("run");
        RunOptions options = new(true, null, new CheckpointOptions(place, 1, 3));
        await run.Start(TestSilo.Text(spec), RunContent.None, options, TestSilo.Token);
        List<RunEvent> events = [];
        await foreach (RunEvent happened in run.Follow(0, Guid.Empty, TestSilo.Token))
        {
            events.Add(happened);
            if (happened is CheckpointEvent { Report.Step: 3 })
            {
                PutFileInPlaceOf(place, folder.At("away"));
            }
        }

        await run.Close(TestSilo.Token);
        Assert.Equal(await ChaosRun.FaultFreeDigestAsync(spec), TestSilo.End(events).Digest);
        Assert.Contains(events, e => e is CheckpointEvent { Report.Failure: { Length: > 0 } });
        Assert.Empty(new JournalChecker(JournalFiles.Read(silo.Journals.Files("run"))).Check());
    }

    /// <summary>What always fails behind a checkpoint is no reason to go back to it for ever.</summary>
    [Fact]
    public async Task A_run_that_goes_back_again_and_again_ends_by_name()
    {
        using TempFolder folder = new();
        FaultManifest manifest = new() { Faults = [new FaultRule { Kind = "hbm_error", Target = "0/1", AtStep = 7, Attempts = int.MaxValue }] };
        ChaosRun.Result result = await ChaosRun.OfAsync(TestSilo.TinySpec(chips: 2, steps: Steps), manifest, Kept(folder, 5, 2));
        Assert.Contains("failures without a step in between", Assert.IsType<FailedEvent>(result.Events[^1]).Message, StringComparison.Ordinal);
        Assert.Empty(ChaosRun.Violations(result, null));
    }

    private static RunOptions Kept(TempFolder folder, long every, int keep) => RunOptions.None with { Checkpoints = new CheckpointOptions(folder.At("c"), every, keep) };

    /// <summary>Nothing can be written below a file. The writer may make the folder anew in between, and then it goes away again.</summary>
    private static void PutFileInPlaceOf(string place, string away)
    {
        for (int i = 0; !File.Exists(place); i++)
        {
            try
            {
                Directory.Move(place, $"{away}{i}");
                File.WriteAllText(place, string.Empty);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Once more.
            }
        }
    }
}
