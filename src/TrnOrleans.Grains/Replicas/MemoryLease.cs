namespace TrnOrleans.Grains.Replicas;

/// <summary>
/// Counts who works on memory, and frees it when the last one is done: a run may be given up while its kernels still compute, and
/// memory outside the managed heap must not go away under them.
/// </summary>
/// <param name="free">Gives the memory back; called once.</param>
internal sealed class MemoryLease(Action free)
{
    private readonly Lock _lock = new();
    private int _users;
    private bool _closed;

    /// <summary>Keeps the memory until <see cref="Leave"/>.</summary>
    /// <exception cref="ObjectDisposedException">the memory has been given up.</exception>
    internal void Enter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _users++;
        }
    }

    /// <summary>Ends what <see cref="Enter"/> began.</summary>
    internal void Leave()
    {
        bool last;
        lock (_lock)
        {
            last = --_users == 0 && _closed;
        }

        if (last)
        {
            free();
        }
    }

    /// <summary>Works on the memory.</summary>
    /// <exception cref="ObjectDisposedException">the memory has been given up.</exception>
    internal TResult Use<TResult>(Func<TResult> work)
    {
        Enter();
        try
        {
            return work();
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Lets nobody in any more, and frees the memory now or when the last one is done.</summary>
    internal void Close()
    {
        bool now;
        lock (_lock)
        {
            now = !_closed && _users == 0;
            _closed = true;
        }

        if (now)
        {
            free();
        }
    }
}
