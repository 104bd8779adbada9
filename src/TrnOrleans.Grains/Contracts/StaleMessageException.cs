namespace TrnOrleans.Grains.Contracts;

/// <summary>A message of an older generation, of another run or of a step that is over was refused; nothing was changed.</summary>
[GenerateSerializer]
public sealed class StaleMessageException : Exception
{
    public StaleMessageException(string message)
        : base(message)
    {
    }

    public StaleMessageException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public StaleMessageException()
    {
    }
}
