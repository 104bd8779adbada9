using TrnOrleans.Grains.Journal;

namespace TrnOrleans.Chaos.Checking;

/// <summary>What happened to a run, in numbers.</summary>
/// <param name="Steps">Committed steps.</param>
/// <param name="Digest">At the end; null when it has not ended well.</param>
/// <param name="Error">Why it failed, or null.</param>
/// <param name="Generations">How many began.</param>
/// <param name="FaultsByKind">Injected, the most frequent first.</param>
/// <param name="Detections">How often something was found wrong.</param>
/// <param name="Recoveries">How often the run was laid out anew for it.</param>
/// <param name="MedianRecoverySeconds">From detection until all train again; 0 without recoveries.</param>
/// <param name="LongestRecoverySeconds">The same, of the longest.</param>
/// <param name="RecomputedSteps">Computed more than once.</param>
/// <param name="Goodput">Committed steps : steps that were begun, from 0 to 1.</param>
public sealed record JournalSummary(
    long Steps, string? Digest, string? Error, int Generations, IReadOnlyList<(string Kind, int Count)> FaultsByKind, int Detections, int Recoveries,
    double MedianRecoverySeconds, double LongestRecoverySeconds, long RecomputedSteps, double Goodput)
{
    /// <summary>Adds up the journals of a run.</summary>
    public static JournalSummary Of(IReadOnlyList<IReadOnlyList<JournalEntry>> journals)
    {
        JournalEntry[] all = [.. journals.SelectMany(j => j)];
        RunRecovered[] recoveries = [.. all.OfType<RunRecovered>().OrderBy(r => r.RecoverySeconds)];
        RunOver? over = all.OfType<RunOver>().FirstOrDefault();
        long steps = over?.Steps ?? (all.OfType<StepCommitted>().Select(c => c.Step).DefaultIfEmpty(-1).Max() + 1);
        long again = recoveries.Sum(r => r.RecomputedSteps);
        return new JournalSummary(
            steps, over?.Digest, over?.Error, all.OfType<GenerationBegun>().Select(g => g.Generation).Distinct().Count(),
            [.. all.OfType<FaultInjected>().GroupBy(f => f.Kind).Select(g => (g.Key, g.Count())).OrderByDescending(g => g.Item2).ThenBy(g => g.Key, StringComparer.Ordinal)],
            all.OfType<FaultDetected>().Count(), recoveries.Length,
            recoveries.Length == 0 ? 0 : recoveries[recoveries.Length / 2].RecoverySeconds, recoveries.Length == 0 ? 0 : recoveries[^1].RecoverySeconds,
            again, steps + again == 0 ? 1 : (double)steps / (steps + again));
    }
}
