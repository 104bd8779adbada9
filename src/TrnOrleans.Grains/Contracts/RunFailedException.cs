namespace TrnOrleans.Grains.Contracts;

/// <summary>A run cannot go on; the message names what and at which step, for the user.</summary>
[GenerateSerializer]
public sealed class RunFailedException : Exception
{
    public RunFailedException(string message)
        : base(message)
    {
    }

    public RunFailedException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public RunFailedException()
    {
    }
}
