using TrnOrleans.Hardware.Machines;

namespace TrnOrleans.Hardware.Fabrics;

/// <summary>A level of a fabric in the units of the model.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Chips">That it joins.</param>
/// <param name="Shape">How.</param>
/// <param name="BytesPerSecond">Of a chip, one way.</param>
/// <param name="LatencySeconds">Of one message.</param>
public readonly record struct Link(string Name, int Chips, FabricShape Shape, double BytesPerSecond, double LatencySeconds);
