namespace TrnOrleans.Grains.Contracts;

/// <summary>A run moves to another silo; whoever followed it follows it again there.</summary>
[GenerateSerializer]
public sealed class RunMovingException : Exception
{
    public RunMovingException(string message)
        : base(message)
    {
    }

    public RunMovingException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public RunMovingException()
    {
    }
}
