namespace TrnOrleans.Chaos;

/// <summary>Which kernel steps of which chips fail, and how often.</summary>
/// <param name="Seed">Same seed, same faults.</param>
/// <param name="Rate">Share of kernel steps that fail, from 0 to 1.</param>
/// <param name="Status">Neuron runtime status of the fault, such as 101 EXEC_UNIT_UNRECOVERABLE.</param>
public sealed record ChipFault(ulong Seed, double Rate, int Status = 101);

/// <summary>An emulated chip reports an error of its execution unit.</summary>
[GenerateSerializer]
public sealed class ChipFaultException : Exception
{
    public ChipFaultException(string message)
        : base(message)
    {
    }

    public ChipFaultException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public ChipFaultException()
    {
    }
}
