namespace TrnOrleans.Grains.Contracts;

/// <summary>A block came over the wire with other bits than were sent; it has not been used, and can be sent again.</summary>
[GenerateSerializer]
public sealed class CorruptBlockException : Exception
{
    public CorruptBlockException(string message)
        : base(message)
    {
    }

    public CorruptBlockException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public CorruptBlockException()
    {
    }
}
