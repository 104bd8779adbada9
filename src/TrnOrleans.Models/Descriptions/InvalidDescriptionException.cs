namespace TrnOrleans.Models.Descriptions;

/// <summary>What the user asked for cannot be; the message is one sentence for them, with what to do about it.</summary>
public sealed class InvalidDescriptionException : Exception
{
    public InvalidDescriptionException(string message)
        : base(message)
    {
    }

    public InvalidDescriptionException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public InvalidDescriptionException()
    {
    }
}
