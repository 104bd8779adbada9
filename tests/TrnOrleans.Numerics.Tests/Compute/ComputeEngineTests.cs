using TrnOrleans.Numerics.Compute;

namespace TrnOrleans.Numerics.Tests;

/// <summary>What an engine promises about jobs, pieces and errors.</summary>
public sealed class ComputeEngineTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Every_job_runs_once_and_on_a_compute_thread(int threads)
    {
        using ComputeEngine engine = new(threads);
        int[] runs = new int[500];
        string?[] names = new string?[runs.Length];
        await Task.WhenAll(Enumerable.Range(0, runs.Length).Select(i => engine.RunAsync(
            () =>
            {
                Interlocked.Increment(ref runs[i]);
                names[i] = Thread.CurrentThread.Name;
            },
            urgent: i % 3 == 0))).WaitAsync(s_deadline, TestContext.Current.CancellationToken);
        Assert.All(runs, count => Assert.Equal(1, count));
        Assert.All(names, name => Assert.StartsWith("compute ", name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_exception_reaches_whoever_awaits_the_job_and_the_engine_goes_on()
    {
        using ComputeEngine engine = new(1);
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => engine.RunAsync(() => throw new InvalidOperationException("seven")).WaitAsync(s_deadline, TestContext.Current.CancellationToken));
        Assert.Equal("seven", error.Message);
        bool ran = false;
        await engine.RunAsync(() => ran = true).WaitAsync(s_deadline, TestContext.Current.CancellationToken);
        Assert.True(ran);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task An_exception_in_a_piece_reaches_the_leader_and_the_engine_goes_on(int threads)
    {
        using ComputeEngine engine = new(threads);
        for (int repeat = 0; repeat < 50; repeat++)
        {
            int bad = repeat * 7 % 100;
            InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(
                () => engine.RunAsync(() => CountPieces(100, bad)).WaitAsync(s_deadline, TestContext.Current.CancellationToken));
            Assert.Equal($"piece {bad}", error.Message);
            int[] counts = [];
            await engine.RunAsync(() => counts = CountPieces(100)).WaitAsync(s_deadline, TestContext.Current.CancellationToken);
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Nested_pieces_run_once_each_and_in_place(int threads)
    {
        using ComputeEngine engine = new(threads);
        for (int repeat = 0; repeat < 50; repeat++)
        {
            int[] counts = new int[40 * 25];
            await engine.RunAsync(
                () =>
                {
                    NestedPieces work = new() { Counts = counts };
                    ComputeEngine.ForEachPiece(40, ref work);
                }).WaitAsync(s_deadline, TestContext.Current.CancellationToken);
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Outside_an_engine_pieces_run_in_order_on_the_calling_thread()
    {
        OrderedPieces work = new() { Order = [] };
        ComputeEngine.ForEachPiece(5, ref work);
        Assert.Equal([0, 1, 2, 3, 4], work.Order);
    }

    [Fact]
    public async Task Urgent_jobs_go_ahead_of_those_that_are_not()
    {
        using ComputeEngine engine = new(1);
        using ManualResetEventSlim started = new();
        using ManualResetEventSlim gate = new();
        List<int> order = [];
        Task blocker = engine.RunAsync(
            () =>
            {
                started.Set();
                gate.Wait(s_deadline);
            });
        Assert.True(started.Wait(s_deadline, TestContext.Current.CancellationToken));
        Task plain = engine.RunAsync(() => order.Add(1), urgent: false);
        Task urgent = engine.RunAsync(() => order.Add(2), urgent: true);
        Task last = engine.RunAsync(() => order.Add(3), urgent: false);
        gate.Set();
        await Task.WhenAll(blocker, plain, urgent, last).WaitAsync(s_deadline, TestContext.Current.CancellationToken);
        Assert.Equal([2, 1, 3], order);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(4097)]
    public void An_engine_needs_a_sensible_number_of_threads(int threads) =>
        Assert.Throws<ArgumentOutOfRangeException>(nameof(threads), () => new ComputeEngine(threads));

    internal static int[] CountPieces(int pieces, int bad = -1)
    {
        CountingPieces work = new() { Counts = new int[pieces], Bad = bad };
        ComputeEngine.ForEachPiece(pieces, ref work);
        return work.Counts;
    }

    private struct CountingPieces : IPieces
    {
        internal int[] Counts;
        internal int Bad;

        public readonly void Run(int piece)
        {
            Interlocked.Increment(ref Counts[piece]);
            if (piece == Bad)
            {
                throw new InvalidOperationException($"piece {piece}");
            }
        }
    }

    private struct NestedPieces : IPieces
    {
        internal int[] Counts;

        public readonly void Run(int piece)
        {
            InnerPieces inner = new() { Counts = Counts, First = piece * 25, Thread = Environment.CurrentManagedThreadId };
            ComputeEngine.ForEachPiece(25, ref inner);
        }
    }

    private struct InnerPieces : IPieces
    {
        internal int[] Counts;
        internal int First;
        internal int Thread;

        public readonly void Run(int piece)
        {
            // Long enough that idle threads come to help.
            System.Threading.Thread.SpinWait(500);
            Assert.Equal(Thread, Environment.CurrentManagedThreadId);
            Interlocked.Increment(ref Counts[First + piece]);
        }
    }

    private struct OrderedPieces : IPieces
    {
        internal List<int> Order;

        public readonly void Run(int piece) => Order.Add(piece);
    }
}
