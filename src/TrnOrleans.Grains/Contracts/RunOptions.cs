namespace TrnOrleans.Grains.Contracts;

/// <summary>What is done to a run and written about it; nothing of it changes a bit of the result, so it is not part of the spec.</summary>
/// <param name="Journals">Whether silos keep journals of it.</param>
/// <param name="Chaos">A manifest of faults as JSON, or null.</param>
[GenerateSerializer, Immutable]
public sealed record RunOptions([property: Id(0)] bool Journals, [property: Id(1)] string? Chaos)
{
    /// <summary>Nothing.</summary>
    public static RunOptions None { get; } = new(false, null);
}
