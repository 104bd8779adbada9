using TrnOrleans.Hardware;

namespace TrnOrleans.Grains.Contracts;

/// <summary>An emulated chip reports that its work failed; nothing of it is done, and it may be asked again.</summary>
[GenerateSerializer]
public sealed class ChipErrorException : Exception
{
    public ChipErrorException(NeuronStatus status, string message)
        : base(message)
    {
        Status = status;
    }

    public ChipErrorException(string message)
        : base(message)
    {
    }

    public ChipErrorException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public ChipErrorException()
    {
    }

    /// <summary>What the runtime would say.</summary>
    [Id(0)]
    public NeuronStatus Status { get; private set; }
}
