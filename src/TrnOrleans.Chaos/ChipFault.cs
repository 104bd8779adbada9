using TrnOrleans.Hardware;

namespace TrnOrleans.Chaos;

/// <summary>Which kernel steps of which chips fail, and how often.</summary>
/// <param name="Seed">Same seed, same faults.</param>
/// <param name="Rate">Share of kernel steps that fail, from 0 to 1.</param>
/// <param name="Status">Neuron runtime status of the fault, such as 101 EXEC_UNIT_UNRECOVERABLE.</param>
public sealed record ChipFault(ulong Seed, double Rate, NeuronStatus Status = NeuronStatus.ExecutionUnitUnrecoverable);
