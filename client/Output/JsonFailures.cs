namespace TrnOrleans.Client.Output;

/// <summary>Programs that read events learn of a failure as an event, too.</summary>
internal static class JsonFailures
{
    /// <summary>Does the work of a command that writes one event a line.</summary>
    internal static async Task<int> TellAsync(bool json, Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception error) when (json && Failures.Of(error) is { } failure)
        {
            new JsonView(Console.Out).Failed(failure.Sentence);
            throw;
        }
    }
}
