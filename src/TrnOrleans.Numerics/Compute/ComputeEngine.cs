using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace TrnOrleans.Numerics.Compute;

/// <summary>
/// The threads that do arithmetic: one engine a process, dedicated threads, jobs in the order they were queued. A worker without a job
/// helps another with the pieces of its kernel, so one chip uses all cores and many chips use one each, with the same bits.
/// </summary>
/// <remarks>Kernels never run on the thread pool: there they hold back every grain for seconds.</remarks>
public sealed class ComputeEngine : IDisposable
{
    // How often a worker without work looks around before it sleeps: some 200 µs, longer than the serial parts between two kernels and than
    // the few messages between two jobs of a step. Each look yields, so that whoever carries the messages has the core.
    private const int Looks = 400;

    [ThreadStatic]
    private static Worker? t_worker;

    private readonly ConcurrentQueue<ComputeJob> _urgent = new();
    private readonly ConcurrentQueue<ComputeJob> _queue = new();
    private readonly Worker[] _workers;
    private volatile bool _stopping;

    /// <param name="threads">Compute threads; at least one. Never changes a result.</param>
    public ComputeEngine(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 4096);
        _workers = new Worker[threads];
        for (int i = 0; i < threads; i++)
        {
            _workers[i] = new Worker(this, i);
        }

        foreach (Worker worker in _workers)
        {
            worker.Thread.Start();
        }
    }

    /// <summary>Number of compute threads.</summary>
    public int Threads => _workers.Length;

    /// <summary>Queues a job. Its continuations run on the thread pool, never on a compute thread.</summary>
    /// <param name="job">What to run; queued once only.</param>
    /// <param name="urgent">Ahead of all jobs that are not: for folds, which free memory.</param>
    /// <exception cref="ObjectDisposedException">the engine has been stopped.</exception>
    public void Queue(ComputeJob job, bool urgent = false)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        (urgent ? _urgent : _queue).Enqueue(job);
        Interlocked.MemoryBarrier();
        if (_stopping)
        {
            // Dispose may have looked at the queues before this job was in: nobody else would end it.
            CancelQueued();
            return;
        }

        CallHelpers(1);
    }

    /// <summary>Runs an action on a compute thread.</summary>
    public Task RunAsync(Action action, bool urgent = false)
    {
        ActionJob job = new(action);
        Queue(job, urgent);
        return job.Completion;
    }

    /// <summary>
    /// Runs pieces 0 … pieces − 1 of a kernel: on a compute thread with the help of idle ones, elsewhere one after another.
    /// Inside a piece a further call runs in place.
    /// </summary>
    /// <param name="pieces">Number of pieces.</param>
    /// <param name="work">What a piece is.</param>
    /// <param name="worthHelp">Whether the work is enough to call for help; when not, it runs on this thread.</param>
    public static unsafe void ForEachPiece<TPieces>(int pieces, ref TPieces work, bool worthHelp = true)
        where TPieces : struct, IPieces
    {
        Worker? worker = t_worker;
        if (pieces <= 1 || !worthHelp || worker is null || worker.Leading || worker.Engine._workers.Length == 1)
        {
            for (int piece = 0; piece < pieces; piece++)
            {
                work.Run(piece);
            }

            return;
        }

        worker.Leading = true;
        try
        {
            worker.Region.Lead(worker.Engine, pieces, &RunPiece<TPieces>, Unsafe.AsPointer(ref work));
        }
        finally
        {
            worker.Leading = false;
        }
    }

    /// <summary>Stops the threads after the jobs they are in; jobs still queued are cancelled.</summary>
    public void Dispose()
    {
        if (_stopping)
        {
            return;
        }

        _stopping = true;
        Interlocked.MemoryBarrier();
        CallHelpers(_workers.Length);
        foreach (Worker worker in _workers)
        {
            worker.Thread.Join();
        }

        CancelQueued();
    }

    /// <summary>Wakes sleeping workers, at most as many as there is work for; each sleep is ended once.</summary>
    internal void CallHelpers(int wanted)
    {
        foreach (Worker worker in _workers)
        {
            if (wanted <= 0)
            {
                return;
            }

            if (worker.TryWake())
            {
                wanted--;
            }
        }
    }

    private static unsafe void RunPiece<TPieces>(void* context, int piece)
        where TPieces : struct, IPieces => Unsafe.AsRef<TPieces>(context).Run(piece);

    private void CancelQueued()
    {
        while (_urgent.TryDequeue(out ComputeJob? job) || _queue.TryDequeue(out job))
        {
            job.Cancel();
        }
    }

    private bool RunQueuedJob()
    {
        if (!_urgent.TryDequeue(out ComputeJob? job) && !_queue.TryDequeue(out job))
        {
            return false;
        }

        job.Execute();
        return true;
    }

    private bool HelpSomebody(Worker self)
    {
        // A helper is inside a piece too: what the piece calls runs in place.
        self.Leading = true;
        try
        {
            foreach (Worker other in _workers)
            {
                if (other != self && other.Region.HasWork && other.Region.Help())
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            self.Leading = false;
        }
    }

    private bool AnythingToDo(Worker self)
    {
        if (!_urgent.IsEmpty || !_queue.IsEmpty || _stopping)
        {
            return true;
        }

        foreach (Worker other in _workers)
        {
            if (other != self && other.Region.HasWork)
            {
                return true;
            }
        }

        return false;
    }

    private void WorkerLoop(Worker self)
    {
        t_worker = self;
        int idle = 0;
        while (!_stopping)
        {
            if (RunQueuedJob() || HelpSomebody(self))
            {
                idle = 0;
            }
            else if (++idle < Looks)
            {
                // A yield and not a bare spin: whoever has a message to bring may want this core.
                Thread.SpinWait(2);
                Thread.Yield();
            }
            else
            {
                self.Sleep();
                idle = 0;
            }
        }
    }

    private sealed class Worker
    {
        private readonly object _gate = new();
        private int _asleep;
        private bool _woken;

        internal Worker(ComputeEngine engine, int index)
        {
            Engine = engine;
            Thread = new Thread(() => engine.WorkerLoop(this)) { IsBackground = true, Name = $"compute {index}" };
        }

        internal ComputeEngine Engine { get; }

        internal ParallelRegion Region { get; } = new();

        internal Thread Thread { get; }

        internal bool Leading { get; set; }

        /// <summary>Sleeps until somebody has work; says so first and then looks once more, so that no work is slept over.</summary>
        internal void Sleep()
        {
            Interlocked.Exchange(ref _asleep, 1);
            if (Engine.AnythingToDo(this))
            {
                TryWake();
            }

            lock (_gate)
            {
                while (!_woken)
                {
                    Monitor.Wait(_gate);
                }

                _woken = false;
            }
        }

        /// <summary>Ends a sleep, if there is one that nobody else has ended.</summary>
        internal bool TryWake()
        {
            if (Volatile.Read(ref _asleep) == 0 || Interlocked.Exchange(ref _asleep, 0) == 0)
            {
                return false;
            }

            lock (_gate)
            {
                _woken = true;
                Monitor.Pulse(_gate);
            }

            return true;
        }
    }
}
