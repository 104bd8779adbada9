using TrnOrleans.Hardware.Machines;

namespace TrnOrleans.Hardware.Fabrics;

/// <summary>A level of a fabric in the units of the model.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Chips">That it joins, those of the levels inside it among them.</param>
/// <param name="Places">Domains of the level inside that it joins: chips, on the innermost level.</param>
/// <param name="Width">Places in a row of a torus; all of them in other shapes.</param>
/// <param name="Shape">How they are joined.</param>
/// <param name="BytesPerSecond">Of a chip, one way.</param>
/// <param name="LatencySeconds">Of one message.</param>
public readonly record struct Link(string Name, int Chips, int Places, int Width, FabricShape Shape, double BytesPerSecond, double LatencySeconds)
{
    /// <summary>A level within a system.</summary>
    /// <param name="level">Of the catalogue.</param>
    /// <param name="inside">Chips of a domain of the level inside; 1 on the innermost.</param>
    public static Link Of(FabricLevel level, int inside)
    {
        int places = level.Chips / inside;
        int width = level.Shape == FabricShape.Torus ? places / Height(places) : places;
        return new Link(level.Name, level.Chips, places, width, level.Shape, level.GigabytesPerSecond.Value * 1e9, level.LatencyMicroseconds.Value * 1e-6);
    }

    /// <summary>Between systems.</summary>
    /// <param name="network">Of the catalogue.</param>
    /// <param name="inside">Chips of a system.</param>
    /// <param name="systems">How many.</param>
    /// <exception cref="OverflowException">they have more chips than can be counted.</exception>
    public static Link Of(NetworkFigures network, int inside, long systems) => new(
        network.Name, checked((int)(inside * systems)), (int)systems, (int)systems, FabricShape.Switch, network.GigabytesPerSecond.Value * 1e9, network.LatencyMicroseconds.Value * 1e-6);

    /// <summary>Rows of a torus of so many places, as square as they allow; 1 if there is no other way.</summary>
    internal static int Height(int places)
    {
        int height = 1;
        for (long divisor = 2; divisor * divisor <= places; divisor++)
        {
            height = places % divisor == 0 ? (int)divisor : height;
        }

        return height;
    }
}
