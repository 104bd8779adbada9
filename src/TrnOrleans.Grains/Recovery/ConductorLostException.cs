namespace TrnOrleans.Grains.Recovery;

/// <summary>The run's own grain is lost here and now.</summary>
public sealed class ConductorLostException : Exception
{
    public ConductorLostException(string message)
        : base(message)
    {
    }

    public ConductorLostException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public ConductorLostException()
    {
    }
}
