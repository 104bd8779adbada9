using System.Runtime.ExceptionServices;

namespace TrnOrleans.Numerics.Compute;

/// <summary>One worker's open invitation to the idle ones: help with the pieces of a kernel.</summary>
/// <remarks>
/// The context lives on the leader's stack. A helper first counts itself in, then looks whether the region is open; the leader first
/// closes, then waits until nobody is counted in. Both sides use full fences, so no helper ever touches a context that is gone.
/// </remarks>
internal sealed unsafe class ParallelRegion
{
    private delegate*<void*, int, void> _body;
    private void* _context;
    private int _pieces;
    private int _next;
    private int _helpers;
    private long _helpedFlops;
    private volatile bool _open;
    private Exception? _error;

    /// <summary>Whether a helper would find a piece now; a hint only.</summary>
    internal bool HasWork => _open && Volatile.Read(ref _next) < Volatile.Read(ref _pieces);

    /// <summary>Runs all pieces with whoever comes to help, and returns when the last is done.</summary>
    internal void Lead(ComputeEngine engine, int pieces, delegate*<void*, int, void> body, void* context)
    {
        _body = body;
        _context = context;
        _pieces = pieces;
        _error = null;
        _next = 0;
        _helpedFlops = 0;
        _open = true;

        // Open before the count of sleepers is read, as a worker counts itself before it looks for open regions: one of the two sees the other.
        Interlocked.MemoryBarrier();
        engine.CallHelpers(pieces - 1);
        TakePieces();
        _open = false;
        Interlocked.MemoryBarrier();
        SpinWait spin = default;
        while (Volatile.Read(ref _helpers) != 0)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }

        KernelWork.AddHelped(_helpedFlops);
        if (_error is { } error)
        {
            ExceptionDispatchInfo.Throw(error);
        }
    }

    /// <summary>Computes pieces of this region if it is open.</summary>
    /// <returns>Whether at least one piece was taken.</returns>
    internal bool Help()
    {
        Interlocked.Increment(ref _helpers);
        try
        {
            if (!_open)
            {
                return false;
            }

            long before = KernelWork.Flops;
            bool any = TakePieces();
            Interlocked.Add(ref _helpedFlops, KernelWork.TakeSince(before));
            return any;
        }
        finally
        {
            Interlocked.Decrement(ref _helpers);
        }
    }

    private bool TakePieces()
    {
        bool any = false;
        for (int piece = Interlocked.Increment(ref _next) - 1; piece < _pieces; piece = Interlocked.Increment(ref _next) - 1)
        {
            any = true;
            try
            {
                _body(_context, piece);
            }
#pragma warning disable CA1031 // The leader rethrows it: a piece must not end a helper's thread.
            catch (Exception error)
#pragma warning restore CA1031
            {
                Interlocked.CompareExchange(ref _error, error, null);
            }
        }

        return any;
    }
}
