using System.Runtime.CompilerServices;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains;

/// <summary>All events of a run in order; followers get what was and then what comes, without asking again and again.</summary>
/// <remarks>Not thread-safe: its owner is a grain.</remarks>
internal sealed class RunHistory
{
    private readonly List<RunEvent> _events = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether the last event has been.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>Appends; after the end nothing more is taken.</summary>
    internal void Add(RunEvent happened)
    {
        if (IsOver)
        {
            return;
        }

        _events.Add(happened);
        IsOver = happened is EndEvent or FailedEvent;
        TaskCompletionSource changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    /// <summary>Events from a place on, until the end.</summary>
    internal async IAsyncEnumerable<RunEvent> From(int place, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(place);
        while (true)
        {
            Task changed = _changed.Task;
            for (; place < _events.Count; place++)
            {
                yield return _events[place];
            }

            if (IsOver && place >= _events.Count)
            {
                yield break;
            }

            if (place >= _events.Count)
            {
                await changed.WaitAsync(cancellation);
            }
        }
    }
}
