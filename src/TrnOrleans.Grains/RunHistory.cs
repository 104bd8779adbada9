using System.Runtime.CompilerServices;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains;

/// <summary>All events of a run in order; followers get what was and then what comes, without asking again and again.</summary>
/// <remarks>Not thread-safe: its owner is a grain.</remarks>
/// <param name="events">What has been so far; grows.</param>
internal sealed class RunHistory(List<RunEvent> events)
{
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether the last event has been.</summary>
    internal bool IsOver { get; private set; } = events.Count > 0 && EndsRun(events[^1]);

    /// <summary>Sends all followers away: the run moves, and they shall ask again where it will be.</summary>
    internal void Interrupt() => _changed.TrySetException(new RunMovingException("the run moves to another silo"));

    /// <summary>Followers that are reading.</summary>
    internal int Followers { get; private set; }

    /// <summary>Appends; after the end nothing more is taken.</summary>
    internal void Add(RunEvent happened)
    {
        if (IsOver)
        {
            return;
        }

        events.Add(happened);
        IsOver = EndsRun(happened);
        TaskCompletionSource changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.TrySetResult();
    }

    /// <summary>Events from a place on, until the end.</summary>
    internal async IAsyncEnumerable<RunEvent> From(int place, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(place);
        Followers++;
        try
        {
            while (true)
            {
                Task changed = _changed.Task;
                for (; place < events.Count; place++)
                {
                    yield return events[place];
                }

                if (IsOver && place >= events.Count)
                {
                    yield break;
                }

                if (place >= events.Count)
                {
                    await changed.WaitAsync(cancellation);
                }
            }
        }
        finally
        {
            Followers--;
        }
    }

    private static bool EndsRun(RunEvent happened) => happened is EndEvent or FailedEvent;
}
