using System.Text.Json.Serialization;

namespace TrnOrleans.Hardware.Machines;

/// <summary>How well a figure about the world is known.</summary>
public enum Standing
{
    /// <summary>The maker's own documentation.</summary>
    Official,

    /// <summary>Press or analysts.</summary>
    Reported,

    /// <summary>Announced, not shipped.</summary>
    Announced,

    /// <summary>Nobody says; a choice of ours.</summary>
    Assumed,
}

/// <summary>A figure with where it comes from.</summary>
/// <param name="Value">In the unit that its place names.</param>
/// <param name="Known">How well.</param>
/// <param name="Source">Who says so.</param>
public sealed record Figure([property: JsonRequired] double Value, [property: JsonRequired] Standing Known, [property: JsonRequired] string Source);
