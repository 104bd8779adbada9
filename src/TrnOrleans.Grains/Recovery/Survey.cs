using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Recovery;

/// <summary>What is left of a run that stands still: its whole replicas, and what they remember.</summary>
/// <param name="Replicas">Of the generation that trained last, or took over from it.</param>
/// <param name="Commits">In order of the steps; each once, from whichever replica remembers it: one that was copied remembers only what came then.</param>
/// <param name="IsWhole">Whether every silo that is there has answered.</param>
internal sealed record Survey(IReadOnlyList<ReplicaState> Replicas, IReadOnlyList<StepCommit> Commits, bool IsWhole)
{
    /// <summary>Nothing is left, or nothing has been yet.</summary>
    internal static Survey Empty { get; } = new([], [], true);

    /// <summary>Adds up the answers of the silos.</summary>
    /// <param name="answers">Of each silo; null of one that does not answer.</param>
    /// <param name="generation">Replicas of an older generation were fenced off once and may hold anything.</param>
    internal static Survey Of(IReadOnlyList<HaltReport?> answers, int generation)
    {
        HaltReport[] all = [.. answers.OfType<HaltReport>()];
        ReplicaState[] replicas = [.. all.SelectMany(a => a.Replicas).Where(r => r.Generation >= generation)];
        return new Survey(replicas, Merge(all.Select(a => a.Commits)), all.Length == answers.Count);
    }

    /// <summary>What several remember, each step once and in order.</summary>
    internal static IReadOnlyList<StepCommit> Merge(IEnumerable<IReadOnlyList<StepCommit>> memories) =>
        [.. memories.SelectMany(m => m).DistinctBy(c => c.Step).OrderBy(c => c.Step)];

    /// <summary>The replicas to go on from: the newest step that one has whole, with the bits that most of them have; none when nothing is left.</summary>
    /// <exception cref="RunFailedException">as many say one thing as another.</exception>
    internal IReadOnlyList<ReplicaState> Newest()
    {
        if (Replicas.Count == 0)
        {
            return [];
        }

        long steps = Replicas.Max(r => r.Steps);
        IGrouping<string, ReplicaState>[] opinions =
            [.. Replicas.Where(r => r.Steps == steps).GroupBy(r => r.Digest).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal)];
        return opinions.Length == 1 || opinions[0].Count() > opinions[1].Count()
            ? [.. opinions[0].OrderBy(r => r.UltraServer)]
            : throw new RunFailedException(
                $"the replicas differ after step {steps - 1}: {string.Join(", ", opinions.SelectMany(g => g).Select(r => $"UltraServer {r.UltraServer} has {r.Digest[..12]}"))}");
    }
}
