namespace TrnOrleans.Models.Weights;

/// <summary>A weight file is damaged, or does not fit the network; the message is one sentence for the user.</summary>
public sealed class InvalidWeightsException : Exception
{
    public InvalidWeightsException(string message)
        : base(message)
    {
    }

    public InvalidWeightsException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public InvalidWeightsException()
    {
    }
}
