using TrnOrleans.Chaos.Checking;
using TrnOrleans.Grains.Journal;

namespace TrnOrleans.Chaos.Tests;

/// <summary>The checker finds what is wrong, and nothing else: a good journal, and one thing at a time made bad.</summary>
public sealed class JournalCheckerTests
{
    private const string End = "d3";

    /// <summary>Two UltraServers, four steps; a silo is lost in step 2, and the second generation computes it again.</summary>
    private static List<JournalEntry> Good() =>
    [
        new RunBegun("run", 4, 2, 1),
        new GenerationBegun(1, 0, ["a", "b"]),
        new StepCommitted(1, 0, 0, "d0"), new StepCommitted(1, 0, 1, "d0"),
        new StepCommitted(1, 1, 0, "d1"), new StepCommitted(1, 1, 1, "d1"),
        new FaultInjected("chip_error", "0/0", 1, 2, 0),
        new FaultInjected("bit_flip_wire", "0/3", 1, 2, 0),
        new FaultDetected("it came with other bits", "run/1/0", 1, 2, IsCorruption: true),
        new FaultDetected("silo b was lost", "run", 1, 2, IsCorruption: false),
        new GenerationBegun(2, 2, ["a"]),
        new RunRecovered("silo b was lost", 2, 2, 1, 0.7, IsCold: false),
        new StepCommitted(2, 2, 0, "d2"), new StepCommitted(2, 2, 1, "d2"),
        new StepCommitted(2, 3, 0, End), new StepCommitted(2, 3, 1, End),
        new RunOver(4, End, null),
    ];

    [Fact]
    public void A_good_journal_is_good_in_one_file_or_in_two()
    {
        Assert.Empty(Check(Good()));
        List<JournalEntry> good = Good();
        Assert.Empty(new JournalChecker([Numbered([.. good.Where((_, i) => i % 2 == 0)]), Numbered([.. good.Where((_, i) => i % 2 == 1)])], End).Check());
    }

    [Theory]
    [InlineData("I1", 16)]
    [InlineData("I3", 13)]
    public void Other_bits(string invariant, int place) =>
        Assert.Contains(invariant, Broken(entries => entries[place] = entries[place] switch
        {
            StepCommitted commit => commit with { Digest = "other" },
            RunOver over => over with { Digest = "other" },
            _ => throw new InvalidOperationException(),
        }));

    [Fact]
    public void Bits_that_are_not_those_of_the_fault_free_run() =>
        Assert.Equal(["I1"], new JournalChecker([Numbered(Good())], "expected").Check().Select(v => v.Invariant));

    [Fact]
    public void A_step_that_nobody_committed() => Assert.Contains("I2", Broken(entries => entries.RemoveAll(e => e is StepCommitted { Step: 1 })));

    [Fact]
    public void A_step_that_a_replica_committed_twice() => Assert.Contains("I2", Broken(entries => entries.Insert(6, entries[4])));

    [Fact]
    public void Steps_out_of_order() => Assert.Contains("I2", Broken(entries => (entries[12], entries[14]) = (entries[14], entries[12])));

    [Fact]
    public void An_older_generation_that_goes_on() => Assert.Contains("I4", Broken(entries => entries.Insert(15, new StepCommitted(1, 3, 1, End))));

    [Fact]
    public void A_generation_of_which_nobody_knows() => Assert.Contains("I4", Broken(entries => entries.Insert(15, new StepCommitted(7, 3, 1, End))));

    [Fact]
    public void A_lost_silo_is_the_trace_of_a_fault_in_its_generation_and_in_no_other()
    {
        Assert.Empty(Broken(entries => entries[9] = new FaultDetected("silo b was lost", "run", 1, null, IsCorruption: false)));
        Assert.Equal(["I10"], Broken(entries => entries[9] = new FaultDetected("silo b was lost", "run", 2, null, IsCorruption: false)));
    }

    [Fact]
    public void A_slow_recovery() => Assert.Equal(["I5"], Broken(entries => entries[11] = new RunRecovered("why", 2, 2, 1, 21, IsCold: false)));

    [Fact]
    public void More_than_the_step_in_flight_computed_again() => Assert.Equal(["I6"], Broken(entries => entries[11] = new RunRecovered("why", 2, 2, 2, 1, IsCold: false)));

    [Fact]
    public void No_end() => Assert.Equal(["I7"], Broken(entries => entries.RemoveAt(16)));

    [Fact]
    public void Two_ends() => Assert.Contains("I7", Broken(entries => entries.Add(new RunOver(4, null, "failed"))));

    [Fact]
    public void Corruption_that_was_not_caught() => Assert.Equal(["I9"], Broken(entries => entries.RemoveAt(8)));

    [Fact]
    public void A_false_alarm() => Assert.Equal(["I9"], Broken(entries => entries.RemoveAt(7)));

    [Fact]
    public void A_fault_without_a_trace() => Assert.Equal(["I10"], Broken(entries => entries.Insert(2, new FaultInjected("chip_error", "0/0", 1, 0, 0))));

    [Fact]
    public void A_lost_entry()
    {
        List<JournalEntry> entries = Numbered(Good());
        entries.RemoveAt(7);
        Assert.Contains("I10", new JournalChecker([entries], End).Check().Select(v => v.Invariant));
    }

    [Fact]
    public void A_last_line_that_a_kill_has_cut_is_left_out_and_any_other_is_an_error()
    {
        const string line = """{"entry":"over","steps":4,"digest":"d3","at":"2026-01-01T00:00:00Z","silo":"a","number":0}""";
        Assert.Single(JournalFiles.Parse($"{line}\n{line[..20]}", "here"));
        Assert.Throws<Models.Descriptions.InvalidDescriptionException>(() => JournalFiles.Parse($"{line[..20]}\n{line}\n", "here"));
    }

    private static IEnumerable<string> Broken(Action<List<JournalEntry>> breaks)
    {
        List<JournalEntry> entries = Good();
        breaks(entries);
        return Check(entries).Select(v => v.Invariant).Distinct();
    }

    private static IReadOnlyList<Violation> Check(List<JournalEntry> entries) => new JournalChecker([Numbered(entries)], End).Check();

    private static List<JournalEntry> Numbered(List<JournalEntry> entries) => [.. entries.Select((entry, number) => entry with { Number = number })];
}
