using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Hosting;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Weights;

namespace TrnOrleans.Client;

/// <summary>What went wrong, as one sentence and an exit code.</summary>
internal static class Failures
{
    /// <summary>Everything went well.</summary>
    internal const int Success = 0;

    /// <summary>It was asked for rightly and did not work.</summary>
    internal const int Failure = 1;

    /// <summary>It was asked for wrongly.</summary>
    internal const int Usage = 2;

    /// <summary>Ended by Ctrl-C, as shells count it.</summary>
    internal const int Interrupted = 130;

    /// <summary>Ended by SIGTERM, as shells count it.</summary>
    internal const int Terminated = 143;

    /// <summary>The sentence and the code of an error that a user can meet; null for one that only a bug can cause.</summary>
    internal static (string Sentence, int Code)? Of(Exception error) => error switch
    {
        InvalidDescriptionException => (error.Message, Usage),
        InvalidWeightsException or RunFailedException or ClusterUnreachableException => (error.Message, Failure),
        OutOfMemoryException => ("the machine has not enough memory for this run; choose a smaller network, batch or fewer chips", Failure),
        IOException or UnauthorizedAccessException => (Reason(error), Failure),
        TimeoutException => ($"gave up waiting: {Reason(error)}", Failure),
        AggregateException { InnerExceptions: [var inner] } => Of(inner),
        _ => null,
    };

    /// <summary>An operating-system error in a few words.</summary>
    internal static string Reason(Exception error) => error switch
    {
        FileNotFoundException => "there is no such file",
        DirectoryNotFoundException => "there is no such folder",
        UnauthorizedAccessException when !error.Message.EndsWith("is a folder", StringComparison.Ordinal) => "permission is denied, or it is a folder",
        _ => error.Message.TrimEnd('.'),
    };
}
