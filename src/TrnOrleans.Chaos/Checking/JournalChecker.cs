using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Journal;

namespace TrnOrleans.Chaos.Checking;

/// <summary>
/// Decides from journals alone whether a run kept its promises, whatever was done to it. It shares no code with what it checks: it knows
/// entries, and the invariants.
/// </summary>
/// <param name="journals">The entries of each file, in order.</param>
/// <param name="expectedDigest">Of the fault-free run, when it is known.</param>
/// <param name="recoveryBoundSeconds">How long a recovery may take.</param>
public sealed class JournalChecker(IReadOnlyList<IReadOnlyList<JournalEntry>> journals, string? expectedDigest = null, double recoveryBoundSeconds = 20)
{
    private readonly List<Violation> _violations = [];
    private readonly JournalEntry[] _all = [.. journals.SelectMany(j => j)];

    /// <summary>What does not hold; empty when all is well.</summary>
    public IReadOnlyList<Violation> Check()
    {
        _violations.Clear();
        Numbers();
        RunBegun[] begun = [.. Of<RunBegun>().Take(1)];
        if (begun.Length == 0)
        {
            Report("I10", "journal", "nothing says that the run was started: a file is missing");
            return _violations;
        }

        RunOver? over = TheEnd();
        SameBits(over);
        EveryStepOnce(over);
        NothingOfThePast();
        Recoveries();
        Checkpoints();
        Faults();
        return _violations;
    }

    private IEnumerable<T> Of<T>()
        where T : JournalEntry => _all.OfType<T>();

    private void Report(string invariant, string where, string what) => _violations.Add(new Violation(invariant, where, what));

    /// <summary>I10: no entry of any file is lost.</summary>
    private void Numbers()
    {
        foreach (IReadOnlyList<JournalEntry> journal in journals)
        {
            for (int i = 0; i < journal.Count; i++)
            {
                if (journal[i].Number != i)
                {
                    Report("I10", $"the journal of {journal[i].Silo}", $"entry {i} is missing");
                    break;
                }
            }
        }
    }

    /// <summary>I7: the run ended, or stopped with a named error; once.</summary>
    private RunOver? TheEnd()
    {
        RunOver[] ends = [.. Of<RunOver>().DistinctBy(o => (o.Steps, o.Digest, o.Error))];
        if (ends.Length == 0)
        {
            Report("I7", "end", "the run has no end");
        }
        else if (ends.Length > 1)
        {
            Report("I7", "end", $"the run has {ends.Length} different ends");
        }
        else if (ends[0].Digest is null && string.IsNullOrEmpty(ends[0].Error))
        {
            Report("I7", "end", "the run ended with neither a digest nor an error");
        }

        return ends.FirstOrDefault();
    }

    /// <summary>I1 and I3: replicas agree on every step, and the last step has the digest that is told, and is expected.</summary>
    private void SameBits(RunOver? over)
    {
        foreach (IGrouping<long, StepCommitted> step in Of<StepCommitted>().GroupBy(c => c.Step))
        {
            string[] digests = [.. step.Select(c => c.Digest).Distinct()];
            if (digests.Length > 1)
            {
                Report("I3", $"step {step.Key}", $"replicas have {digests.Length} different digests after it");
            }
        }

        if (over?.Digest is { } digest)
        {
            if (over.Steps > 0 && Of<StepCommitted>().FirstOrDefault(c => c.Step == over.Steps - 1)?.Digest is { } last && last != digest)
            {
                Report("I1", "end", "the digest at the end is not that of the last committed step");
            }

            if (expectedDigest is not null && expectedDigest != digest)
            {
                Report("I1", "end", $"the digest is {digest}, and without faults it is {expectedDigest}");
            }
        }
    }

    /// <summary>I2: steps 0 … N − 1 are committed, each once by a replica and in order.</summary>
    private void EveryStepOnce(RunOver? over)
    {
        HashSet<long> committed = [.. Of<StepCommitted>().Select(c => c.Step)];
        if (over?.Digest is not null)
        {
            // A run that begins with a checkpoint has the steps before it from another.
            for (long step = Generations().FirstOrDefault()?.Step ?? 0; step < over.Steps; step++)
            {
                if (!committed.Contains(step))
                {
                    Report("I2", $"step {step}", "no replica has committed it");
                }
            }

            if (committed.Count > 0 && committed.Max() >= over.Steps)
            {
                Report("I2", $"step {committed.Max()}", "it was committed after the end");
            }
        }

        foreach (IGrouping<(int Generation, int UltraServer), StepCommitted> loop in Of<StepCommitted>().GroupBy(c => (c.Generation, c.UltraServer)))
        {
            long next = Of<GenerationBegun>().FirstOrDefault(g => g.Generation == loop.Key.Generation)?.Step ?? loop.Min(c => c.Step);
            foreach (StepCommitted commit in loop.OrderBy(c => c.Number))
            {
                if (commit.Step != next)
                {
                    Report("I2", $"step {commit.Step}", $"UltraServer {commit.UltraServer} committed it in generation {commit.Generation} where step {next} is next");
                }

                next = commit.Step + 1;
            }
        }
    }

    /// <summary>I4: what an older generation had in flight may still reach its own replica, which nobody reads again; nothing beyond.</summary>
    private void NothingOfThePast()
    {
        GenerationBegun[] generations = Generations();
        HashSet<int> cold = [.. Of<RunRecovered>().Where(r => r.IsCold).Select(r => r.Generation)];
        foreach ((GenerationBegun earlier, GenerationBegun later) in generations.Zip(generations.Skip(1)).Where(pair => !cold.Contains(pair.Second.Generation)))
        {
            foreach (StepCommitted commit in Of<StepCommitted>().Where(c => c.Generation == earlier.Generation && c.Step > later.Step))
            {
                Report("I4", $"step {commit.Step}", $"UltraServer {commit.UltraServer} committed it in generation {earlier.Generation}, which had ended before step {later.Step}");
            }
        }

        HashSet<int> known = [.. generations.Select(g => g.Generation)];
        foreach (StepCommitted commit in Of<StepCommitted>().Where(c => !known.Contains(c.Generation)).DistinctBy(c => c.Generation))
        {
            Report("I4", $"generation {commit.Generation}", "it committed steps, and nobody says that it began");
        }
    }

    /// <summary>I5 and I6: recoveries are quick, and nothing but the step in flight is computed again.</summary>
    private void Recoveries()
    {
        foreach (RunRecovered recovery in Of<RunRecovered>())
        {
            if (recovery.RecoverySeconds > recoveryBoundSeconds)
            {
                Report("I5", $"generation {recovery.Generation}", $"the recovery took {recovery.RecoverySeconds:F1} s of at most {recoveryBoundSeconds:F0}");
            }

            if (recovery.IsCold)
            {
                ColdStart(recovery);
            }
            else if (recovery.RecomputedSteps > 1)
            {
                Report("I6", $"generation {recovery.Generation}", $"{recovery.RecomputedSteps} steps were computed again");
            }
        }
    }

    /// <summary>I6: a cold start goes on from the newest checkpoint; while one is written the steps go on, so up to two intervals may be lost.</summary>
    private void ColdStart(RunRecovered recovery)
    {
        string where = $"generation {recovery.Generation}";
        HashSet<long> refused = [.. Of<CheckpointFailed>().Select(c => c.Step)];
        long newest = Of<CheckpointWritten>().Where(c => c.Generation < recovery.Generation && !refused.Contains(c.Step)).Select(c => c.Step).DefaultIfEmpty(0).Max();
        if (recovery.Step < newest)
        {
            Report("I6", where, $"it goes on from step {recovery.Step}, and there is a checkpoint of step {newest}");
        }

        long lost = Of<StepCommitted>().Where(c => c.Generation < recovery.Generation).Select(c => c.Step + 1).DefaultIfEmpty(0).Max() - recovery.Step;
        long every = Of<RunBegun>().Max(b => b.CheckpointEvery);
        if (lost > 2 * every && refused.Count == 0)
        {
            Report("I6", where, $"{lost} steps were lost, with a checkpoint every {every}");
        }
    }

    /// <summary>I8: a checkpoint has the bits of the step that it is of.</summary>
    private void Checkpoints()
    {
        ILookup<long, string> committed = Of<StepCommitted>().ToLookup(c => c.Step + 1, c => c.Digest);
        foreach (CheckpointWritten checkpoint in Of<CheckpointWritten>().Where(c => committed.Contains(c.Step) && !committed[c.Step].Contains(c.Digest)))
        {
            Report("I8", $"step {checkpoint.Step}", $"the checkpoint in {checkpoint.Folder} has other bits than any replica had");
        }
    }

    private GenerationBegun[] Generations() => [.. Of<GenerationBegun>().DistinctBy(g => g.Generation).OrderBy(g => g.Generation)];

    /// <summary>I9 and I10: what was injected is found, in the step that it met or beside it; and no corruption is found that nobody did.</summary>
    private void Faults()
    {
        FaultDetected[] found = [.. Of<FaultDetected>()];
        foreach (FaultInjected fault in Of<FaultInjected>())
        {
            if (FaultKinds.Find(fault.Kind) is not { } kind)
            {
                Report("I10", $"step {fault.Step}", $"there is no fault {fault.Kind}");
            }
            else if (kind.IsCorruption && !found.Any(d => d.IsCorruption && d.Step == fault.Step))
            {
                Report("I9", $"step {fault.Step}", $"{fault.Kind} at {fault.Site} was not caught before the commit");
            }
            else if (kind.IsFound && !kind.IsCorruption && !found.Any(d => !d.IsCorruption && IsTrace(d, fault)))
            {
                Report("I10", $"step {fault.Step}", $"{fault.Kind} at {fault.Site} left no trace");
            }
        }

        // A NaN that another chip does not come to is a corruption, too.
        HashSet<long> corrupted = [.. Of<FaultInjected>().Where(f => FaultKinds.Find(f.Kind) is { IsCorruption: true } || f.Kind == FaultKinds.NotANumber.Name).Select(f => f.Step)];
        foreach (FaultDetected alarm in found.Where(d => d.IsCorruption && (d.Step is not { } step || !corrupted.Contains(step))))
        {
            Report("I9", $"step {alarm.Step}", $"a false alarm at {alarm.Site}: {alarm.What}");
        }
    }

    /// <summary>Who finds a fault may be a step ahead of it or behind; who finds a silo lost knows only which generation that was.</summary>
    private static bool IsTrace(FaultDetected detection, FaultInjected fault) =>
        detection.Step is { } step ? Math.Abs(step - fault.Step) <= 1 : detection.Generation == fault.Generation;
}
