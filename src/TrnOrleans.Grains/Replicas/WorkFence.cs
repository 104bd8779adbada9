using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Replicas;

/// <summary>
/// Lets the kernels of one generation work on a replica, and can tell when none does any more: calls to chips end when they are cancelled,
/// kernels do not. Thread-safe.
/// </summary>
internal sealed class WorkFence
{
    private readonly Lock _lock = new();
    private int _generation;
    private int _working;
    private bool _isShut;
    private TaskCompletionSource _idle = Completed();

    /// <summary>A kernel of a generation begins.</summary>
    /// <exception cref="StaleMessageException">its generation is over.</exception>
    internal void Enter(int generation)
    {
        lock (_lock)
        {
            if (_isShut || generation != _generation)
            {
                throw new StaleMessageException($"generation {generation} works on this replica no more");
            }

            if (_working++ == 0)
            {
                _idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    /// <summary>It has ended.</summary>
    internal void Leave()
    {
        lock (_lock)
        {
            if (--_working == 0)
            {
                _idle.TrySetResult();
            }
        }
    }

    /// <summary>Lets no kernel of a generation below the given one begin any more; returns when none of theirs runs.</summary>
    internal Task ShutAsync(int below)
    {
        lock (_lock)
        {
            if (_generation >= below)
            {
                return Task.CompletedTask;
            }

            _isShut = true;
            return _idle.Task;
        }
    }

    /// <summary>Lets the kernels of a generation in, and of no other.</summary>
    internal void Open(int generation)
    {
        lock (_lock)
        {
            (_generation, _isShut) = (generation, false);
        }
    }

    private static TaskCompletionSource Completed()
    {
        TaskCompletionSource done = new();
        done.SetResult();
        return done;
    }
}
