using System.Runtime.CompilerServices;
using Orleans.Runtime;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Client.Running;

/// <summary>The events of a run, once each and in order, whatever happens to the silos in between.</summary>
internal static class RunFollower
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    /// <summary>From the first event to the last.</summary>
    /// <exception cref="TimeoutException">nobody has answered for a minute.</exception>
    internal static async IAsyncEnumerable<RunEvent> FollowAsync(ITrainingRun run, [EnumeratorCancellation] CancellationToken cancellation)
    {
        int seen = 0;
        long lost = 0;
        RunEvent? last = null;
        while (true)
        {
            IAsyncEnumerator<RunEvent> events = run.Follow(seen, cancellation).GetAsyncEnumerator(cancellation);
            await using ConfiguredAsyncDisposable disposal = new QuietDisposal(events).ConfigureAwait(true);
            bool over = false;
            while (true)
            {
                try
                {
                    if (!await events.MoveNextAsync())
                    {
                        over = true;
                        break;
                    }
                }
                catch (Exception error) when (IsTransient(error))
                {
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
                last = events.Current;
                yield return last;
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
        await foreach (RunEvent happened in run.Follow(0, cancellation))
        {
            last = happened;
        }

        return last;
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
                await inner.DisposeAsync();
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or OperationCanceledException)
            {
                // See above.
            }
        }
    }
}
