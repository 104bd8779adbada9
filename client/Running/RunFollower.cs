using System.Runtime.CompilerServices;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Client.Running;

/// <summary>The events of a run, once each and in order, whatever happens to the silos in between.</summary>
internal static class RunFollower
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    /// <summary>Starts a run, and returns when it trains; starting is idempotent, so it is done again when the silo that was asked is lost.</summary>
    /// <exception cref="TimeoutException">nobody has answered for a minute.</exception>
    internal static async Task StartAsync(ITrainingRun run, string spec, RunContent content, RunOptions options, CancellationToken cancellation)
    {
        long begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task started = run.Start(spec, content, options, CancellationToken.None);
            try
            {
                while (await Task.WhenAny(started, Task.Delay(s_silence, cancellation)) != started)
                {
                    cancellation.ThrowIfCancellationRequested();
                    RunStatus status = await run.Status(cancellation).WaitAsync(s_silence, TimeProvider.System, cancellation);
                    if (status.State is not (RunState.Unknown or RunState.Preparing))
                    {
                        return;
                    }

                    begun = TimeProvider.System.GetTimestamp();
                }

                await started;
                return;
            }
            catch (Exception error) when (IsTransient(error) && TimeProvider.System.GetElapsedTime(begun) < s_patience)
            {
                started.Ignore();
                await Task.Delay(s_pause, cancellation);
            }
        }
    }

    /// <summary>From the first event to the last.</summary>
    /// <exception cref="TimeoutException">nobody has answered for a minute.</exception>
    internal static async IAsyncEnumerable<RunEvent> FollowAsync(ITrainingRun run, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int seen = 0;
        long lost = 0;
        Guid history = Guid.Empty;
        HashSet<(Type, long, string?)> told = [];
        RunEvent? last = null;
        while (true)
        {
            if (await HistoryAsync(run) is { } now && now != history)
            {
                // The run's grain may have been lost, and the new one remembers in another order. Should that happen in between, it says so.
                (seen, history) = (0, now);
            }

            IAsyncEnumerator<RunEvent> events = run.Follow(seen, history, cancellation).GetAsyncEnumerator(cancellation);
            await using ConfiguredAsyncDisposable disposal = new QuietDisposal(events).ConfigureAwait(true);
            bool over = false;
            while (true)
            {
                try
                {
                    if (!await events.MoveNextAsync().AsTask().WaitAsync(s_silence, TimeProvider.System, cancellation))
                    {
                        over = true;
                        break;
                    }
                }
                catch (Exception error) when (IsTransient(error))
                {
                    if (error is TimeoutException && await HistoryAsync(run) is not null)
                    {
                        // A long step; or the grain lives elsewhere by now, and where we asked nobody answers.
                        break;
                    }

                    // The run's grain is moving to another silo, or the silo that we were connected to is gone.
                    lost = lost == 0 ? TimeProvider.System.GetTimestamp() : lost;
                    if (TimeProvider.System.GetElapsedTime(lost) > s_patience)
                    {
                        throw new TimeoutException($"the cluster has not answered for {s_patience.TotalSeconds:F0} s", error);
                    }

                    await Task.Delay(s_pause, cancellation);
                    break;
                }

                lost = 0;
                seen++;
                if (told.Add(Key(events.Current)))
                {
                    last = events.Current;
                    yield return last;
                }
            }

            if (over)
            {
                break;
            }
        }

        if (last is not (EndEvent or FailedEvent) && await EndOf(run, cancellation) is { } end)
        {
            yield return end;
        }
    }

    /// <summary>The run's grain was lost and knows less than we have seen: how it ended stands at the end of what it knows.</summary>
    private static async Task<RunEvent?> EndOf(ITrainingRun run, CancellationToken cancellation)
    {
        RunEvent? last = null;
        await foreach (RunEvent happened in run.Follow(0, Guid.Empty, cancellation))
        {
            last = happened;
        }

        return last;
    }

    /// <summary>What happens once has one key, however often it is told.</summary>
    private static (Type Type, long Number, string? More) Key(RunEvent happened) => happened switch
    {
        StepEvent step => (typeof(StepEvent), step.Step, null),
        NumericsEvent numerics => (typeof(NumericsEvent), numerics.Step, null),
        ValidationEvent validation => (typeof(ValidationEvent), validation.Step, null),
        LayoutEvent layout => (typeof(LayoutEvent), layout.Generation, null),
        RecoveryEvent recovery => (typeof(RecoveryEvent), recovery.Step, $"{recovery.Seconds} {recovery.Why}"),
        CheckpointEvent { Report: var report } => (typeof(CheckpointEvent), report.Step, report.Failure),
        _ => (happened.GetType(), 0, null),
    };

    /// <summary>Which telling of its events a run is at; null when it does not answer.</summary>
    private static async Task<Guid?> HistoryAsync(ITrainingRun run)
    {
        try
        {
            return (await run.Status(CancellationToken.None).WaitAsync(s_silence, TimeProvider.System)).History;
        }
        catch (Exception error) when (IsTransient(error))
        {
            return null;
        }
    }

    private static bool IsTransient(Exception error) =>
        error is EnumerationAbortedException or RunMovingException or OrleansException or TimeoutException;

    /// <summary>An enumeration whose silo is gone cannot be ended there.</summary>
    private sealed class QuietDisposal(IAsyncDisposable inner) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await inner.DisposeAsync().AsTask().WaitAsync(s_silence, TimeProvider.System);
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or OperationCanceledException)
            {
                // See above.
            }
        }
    }
}
