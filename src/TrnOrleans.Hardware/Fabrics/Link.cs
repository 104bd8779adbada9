using TrnOrleans.Hardware.Machines;

namespace TrnOrleans.Hardware.Fabrics;

/// <summary>A level of a fabric in the units of the model.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Chips">That it joins, those of the levels inside it among them.</param>
/// <param name="Places">Domains of the level inside that it joins: chips, on the innermost level.</param>
/// <param name="Shape">How.</param>
/// <param name="BytesPerSecond">Of a chip, one way.</param>
/// <param name="LatencySeconds">Of one message.</param>
public readonly record struct Link(string Name, int Chips, int Places, FabricShape Shape, double BytesPerSecond, double LatencySeconds);
