using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains;

/// <summary>Adds up what the UltraServers of a run report: a step is committed when all have applied it, and all must have the same bits.</summary>
internal sealed class CommitLedger(int ultraServers)
{
    private readonly long[] _committed = [.. Enumerable.Repeat(-1L, ultraServers)];
    private readonly EvaluationPart?[] _parts = new EvaluationPart?[ultraServers];
    private readonly string?[] _digests = new string?[ultraServers];
    private readonly FinishReport?[] _finished = new FinishReport?[ultraServers];
    private readonly List<double> _stepSeconds = [];

    /// <summary>The newest step that every replica has applied; −1 before the first.</summary>
    internal long LastCommitted { get; private set; } = -1;

    /// <summary>The digest that all replicas reported last, or null when they differ.</summary>
    internal string? AgreedDigest => _digests.Distinct().Count() == 1 ? _digests[0] : null;

    /// <summary>Median wall time of a committed step, in seconds.</summary>
    internal double MedianStepSeconds => _stepSeconds.Order().ElementAtOrDefault(_stepSeconds.Count / 2);

    /// <summary>Messages that the UltraServers refused.</summary>
    internal long StaleMessages => _finished.Sum(f => f?.StaleMessages ?? 0);

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
        _stepSeconds.Add(report.StepSeconds);
        return true;
    }

    /// <summary>A replica read its part of the validation set.</summary>
    /// <returns>The sums over all parts, in order of the UltraServers, when the last one is there.</returns>
    internal EvaluationPart? Validate(ValidationReport report)
    {
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
    /// <returns>Whether all do.</returns>
    internal bool Finish(FinishReport report)
    {
        _finished[report.UltraServer] = report;
        _digests[report.UltraServer] = report.Digest;
        return _finished.All(f => f is not null);
    }

    /// <summary>The digests by UltraServer, shortened.</summary>
    internal string DigestsForPeople() => string.Join(", ", _digests.Select((digest, index) => $"UltraServer {index} has {digest?[..12]}"));
}
