namespace TrnOrleans.Hardware.Fabrics;

/// <summary>What a collective takes, and how it is best carried out.</summary>
/// <param name="Seconds">From the first message to the last.</param>
/// <param name="Name">Of the algorithm; of one that goes level by level, of each level from the inside out.</param>
public readonly record struct CollectiveTime(double Seconds, string Name)
{
    /// <summary>Of a group of one.</summary>
    public static CollectiveTime None { get; } = new(0, "none");
}
