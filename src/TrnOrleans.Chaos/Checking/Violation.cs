namespace TrnOrleans.Chaos.Checking;

/// <summary>An invariant that does not hold.</summary>
/// <param name="Invariant">Which: "I1" … "I10".</param>
/// <param name="Where">Step, generation, UltraServer or file.</param>
/// <param name="What">One sentence.</param>
public sealed record Violation(string Invariant, string Where, string What);
