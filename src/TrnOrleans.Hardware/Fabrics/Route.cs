namespace TrnOrleans.Hardware.Fabrics;

/// <summary>
/// What stands between a message of one step and its end, where all of a group send at once: it passes link after link, and a link carries one
/// message after another; whichever takes longer. Loads are in links as fast as all of a chip's links together, so a message over one of four
/// takes four times as long.
/// </summary>
/// <param name="Hops">Links that the farthest message passes.</param>
/// <param name="Load">Messages over the busiest link.</param>
/// <param name="Single">One message over one link.</param>
internal readonly record struct Route(double Hops, double Load, double Single)
{
    /// <summary>Through a switch: nobody is in anybody's way.</summary>
    internal static Route Direct { get; } = new(1, 1, 1);

    /// <summary>Seconds of a step in which every message has so many bytes.</summary>
    internal double Seconds(Link link, double bytes)
    {
        double second = bytes / link.BytesPerSecond;
        return Math.Max(link.LatencySeconds + (Load * second), (Hops * link.LatencySeconds) + (Single * second));
    }
}
