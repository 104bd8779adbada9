using Orleans.Runtime.Messaging;
using Polly;
using Polly.Retry;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains;

/// <summary>
/// Says something again to a grain that cannot be reached for a moment, or does not answer, because it moves or its silo goes: a call to a
/// silo that hangs would wait for half a minute. For idempotent messages only.
/// </summary>
internal static class GrainRetries
{
    private static readonly ResiliencePipeline s_pipeline = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = 16,
            Delay = TimeSpan.FromMilliseconds(50),
            MaxDelay = TimeSpan.FromSeconds(1),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = new PredicateBuilder().Handle<Exception>(error => error is TimeoutException or RunMovingException || IsUnreachable(error)),
        })
        .Build();

    /// <summary>Whether a call failed because its grain could not be reached: its silo goes, or is gone.</summary>
    internal static bool IsUnreachable(Exception error) =>
        error is SiloUnavailableException or OrleansMessageRejectionException or ConnectionFailedException;

    /// <summary>Calls, and calls again when the grain could not be reached; on the caller's scheduler.</summary>
    internal static async Task ExecuteAsync(Func<Task> call)
    {
        // On the captured context: off it, a grain would lose its single thread.
        ResilienceContext context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true);
        try
        {
            await s_pipeline.ExecuteAsync(async _ => await call(), context);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }
}
