namespace TrnOrleans.Grains.Contracts;

/// <summary>A silo is about to stop and takes nothing new; the run looks for another.</summary>
[GenerateSerializer]
public sealed class SiloLeavingException : Exception
{
    public SiloLeavingException(string message)
        : base(message)
    {
    }

    public SiloLeavingException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public SiloLeavingException()
    {
    }

    /// <summary>Address of the silo.</summary>
    [Id(0)]
    public string? Silo { get; init; }
}
