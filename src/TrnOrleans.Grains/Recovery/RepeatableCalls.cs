using Polly;
using Polly.Retry;
using Polly.Timeout;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Recovery;

/// <summary>
/// Calls that have the same effect however often they are made: made again when they fail in a way that passes, or are not answered. What a
/// chip does in a step, and what a block does in a sum, is of this kind; so the step need not be given up for one of them.
/// </summary>
/// <param name="attempts">With the first one.</param>
/// <param name="deadline">How long an answer may take now, by the number of the attempt.</param>
/// <param name="passes">Which failures are worth another attempt, beside no answer.</param>
/// <param name="failed">Told about every failure that is tried again: which ticket, and what went wrong.</param>
internal sealed class RepeatableCalls(int attempts, Func<int, TimeSpan> deadline, Func<Exception, bool> passes, Action<StepTicket, Exception> failed)
{
    private static readonly ResiliencePropertyKey<StepTicket> s_ticket = new("ticket");

    private readonly ResiliencePipeline _pipeline = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = attempts - 1,
            Delay = TimeSpan.Zero,
            ShouldHandle = new PredicateBuilder().Handle<Exception>(error => error is TimeoutRejectedException || passes(error)),
            OnRetry = arguments =>
            {
                StepTicket ticket = arguments.Context.Properties.GetValue(s_ticket, default);
                failed(ticket, arguments.Outcome.Exception!);
                arguments.Context.Properties.Set(s_ticket, ticket with { Attempt = ticket.Attempt + 1 });
                return ValueTask.CompletedTask;
            },
        })
        .AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = arguments => ValueTask.FromResult(deadline(arguments.Context.Properties.GetValue(s_ticket, default).Attempt)) })
        .Build();

    /// <summary>
    /// Calls one of many, and only when it fails or is not answered in time makes more of it: an attempt of its own costs a timer and some
    /// kilobytes, which chips by the hundred would feel in every step.
    /// </summary>
    /// <param name="ticket">Of the first attempt.</param>
    /// <param name="call">Makes the call.</param>
    /// <param name="overdue">Ends when an answer is overdue; one for all.</param>
    /// <param name="cancellation">Gives up.</param>
    internal async Task<T> MakeOneOfManyAsync<T>(StepTicket ticket, Func<StepTicket, CancellationToken, Task<T>> call, Task overdue, CancellationToken cancellation)
    {
        if (!overdue.IsCompleted)
        {
            Exception? why = null;
            Task<T> first = call(ticket, cancellation);
            try
            {
                if (first.IsCompleted || await Task.WhenAny(first, overdue) == first)
                {
                    return await first;
                }

                // The timer ends with the work, too: that is no answer to be missed.
                cancellation.ThrowIfCancellationRequested();
            }
            catch (Exception error) when (passes(error))
            {
                why = error;
            }

            failed(ticket, why ?? new TimeoutException("no answer"));
            ticket = ticket with { Attempt = ticket.Attempt + 1 };
        }

        return await MakeAsync(ticket, call, cancellation);
    }

    /// <summary>Calls, with the number of the attempt in the ticket.</summary>
    /// <exception cref="TimeoutRejectedException">no answer, as often as it was asked.</exception>
    internal async Task<T> MakeAsync<T>(StepTicket ticket, Func<StepTicket, CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        // On the captured context: off it, a grain would lose its single thread.
        ResilienceContext context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true, cancellation);
        try
        {
            context.Properties.Set(s_ticket, ticket);
            return await _pipeline.ExecuteAsync(
                async c => await call(c.Properties.GetValue(s_ticket, ticket), c.CancellationToken).WaitAsync(c.CancellationToken), context);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }
}
