using System.Collections.Concurrent;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains;

/// <summary>The runs whose own grain is on this silo: they must move before it stops.</summary>
internal sealed class LocalRuns
{
    private readonly ConcurrentDictionary<string, ITrainingRun> _runs = new(StringComparer.Ordinal);

    internal IReadOnlyList<ITrainingRun> All => [.. _runs.Values];

    internal void Add(string id, ITrainingRun run) => _runs[id] = run;

    internal void Remove(string id) => _runs.TryRemove(id, out _);
}
