using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Replicas;

/// <summary>
/// What a replica remembers of its last steps: enough for the time in which the run's own record is not written, should the silo with the
/// run's grain be lost. Thread-safe.
/// </summary>
public sealed class CommitLog
{
    // Some 400 KB; the record is written every few seconds.
    private const int Length = 8192;

    private readonly Lock _lock = new();
    private readonly Queue<StepCommit> _commits = new();

    /// <summary>A step was applied.</summary>
    public void Add(long step, CommitReport report)
    {
        lock (_lock)
        {
            if (_commits.Count == Length)
            {
                _commits.Dequeue();
            }

            _commits.Enqueue(new StepCommit(step, report));
        }
    }

    /// <summary>Commits from a step on, in order.</summary>
    public IReadOnlyList<StepCommit> From(long step)
    {
        lock (_lock)
        {
            return [.. _commits.Where(c => c.Step >= step)];
        }
    }
}
