namespace TrnOrleans.Models.Weights;

/// <summary>One tensor in the header of a safetensors file.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Type">Its dtype, such as F32.</param>
/// <param name="Shape">Its sizes; empty for a scalar.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">One past the last byte.</param>
public sealed record SafetensorsEntry(string Name, string Type, IReadOnlyList<long> Shape, long Begin, long End);
