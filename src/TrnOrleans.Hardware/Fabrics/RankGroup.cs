namespace TrnOrleans.Hardware.Fabrics;

/// <summary>Chips that take part in a collective: so many, each so far from the one before.</summary>
/// <param name="Ranks">How many.</param>
/// <param name="Stride">Chips from one to the next; 1 for neighbours.</param>
public readonly record struct RankGroup(int Ranks, int Stride);
