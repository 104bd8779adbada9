using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains;

/// <summary>Adds up what the UltraServers of a run report: a step is committed when all have applied it, and all must have the same bits.</summary>
/// <remarks>Part of a run's record: it moves with the run from silo to silo.</remarks>
[GenerateSerializer]
internal sealed class CommitLedger
{
    [Id(0)]
    private readonly long[] _committed;
    [Id(1)]
    private readonly EvaluationPart?[] _parts;
    [Id(2)]
    private readonly string?[] _digests;
    [Id(3)]
    private readonly FinishReport?[] _finished;
    [Id(4)]
    private readonly long[] _validated;

    /// <param name="ultraServers">How many report.</param>
    /// <param name="step">The step that they start with.</param>
    internal CommitLedger(int ultraServers, long step)
    {
        _committed = [.. Enumerable.Repeat(step - 1, ultraServers)];
        _parts = new EvaluationPart?[ultraServers];
        _validated = [.. Enumerable.Repeat(-1L, ultraServers)];
        _digests = new string?[ultraServers];
        _finished = new FinishReport?[ultraServers];
        LastCommitted = step - 1;
    }

    /// <summary>The newest step that every replica has applied; −1 before the first.</summary>
    [Id(5)]
    internal long LastCommitted { get; private set; }

    /// <summary>The digest that all replicas reported last, or null when they differ.</summary>
    internal string? AgreedDigest => _digests.Distinct().Count() == 1 ? _digests[0] : null;

    /// <summary>What the UltraServers said when they stood at the end.</summary>
    internal IEnumerable<FinishReport> Finished => _finished.Where(f => f is not null).Select(f => f!.Value);

    /// <summary>A replica applied a step.</summary>
    /// <returns>Whether the step is committed with this.</returns>
    internal bool Commit(long step, CommitReport report)
    {
        _committed[report.UltraServer] = Math.Max(_committed[report.UltraServer], step);
        long least = _committed.Min();
        if (least <= LastCommitted)
        {
            return false;
        }

        LastCommitted = least;
        return true;
    }

    /// <summary>A replica read its part of the validation set.</summary>
    /// <returns>The sums over all parts, in order of the UltraServers, when the last one is there.</returns>
    internal EvaluationPart? Validate(long step, ValidationReport report)
    {
        if (step <= _validated[report.UltraServer])
        {
            // Told twice; the first time counted.
            return null;
        }

        _validated[report.UltraServer] = step;
        _parts[report.UltraServer] = report.Part;
        _digests[report.UltraServer] = report.Digest;
        if (_parts.Any(p => p is null))
        {
            return null;
        }

        EvaluationPart whole = _parts.Aggregate(default(EvaluationPart), (sum, part) => sum.Add(part!.Value));
        Array.Clear(_parts);
        return whole;
    }

    /// <summary>A replica stands at the end.</summary>
    /// <returns>Whether all do, now that this one does.</returns>
    internal bool Finish(FinishReport report)
    {
        if (_finished[report.UltraServer] is not null)
        {
            // Told twice; the first time counted.
            return false;
        }

        _finished[report.UltraServer] = report;
        _digests[report.UltraServer] = report.Digest;
        return _finished.All(f => f is not null);
    }

    /// <summary>The digests by UltraServer, shortened.</summary>
    internal string DigestsForPeople() => string.Join(", ", _digests.Select((digest, index) => $"UltraServer {index} has {digest?[..12]}"));
}
