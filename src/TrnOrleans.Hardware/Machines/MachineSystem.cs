using System.Text.Json.Serialization;

namespace TrnOrleans.Hardware.Machines;

/// <summary>How the chips of a level are joined.</summary>
public enum FabricShape
{
    /// <summary>All through switches: every chip can send to every other at its full rate.</summary>
    Switch,

    /// <summary>A torus of rows and columns, as square as its chips allow: neighbours only, and rings laid through it.</summary>
    Torus,

    /// <summary>A ring.</summary>
    Ring,

    /// <summary>Each chip straight to its partner in the other half.</summary>
    Direct,
}

/// <summary>A level of a fabric: so many neighbouring chips, and what each can send among them.</summary>
public sealed record FabricLevel
{
    /// <summary>What tables call it.</summary>
    public required string Name { get; init; }

    /// <summary>Chips that the level joins, those of the levels inside it among them.</summary>
    public required int Chips { get; init; }

    /// <summary>How.</summary>
    public required FabricShape Shape { get; init; }

    /// <summary>Of a chip, one way, in 10^9 bytes/s.</summary>
    public required Figure GigabytesPerSecond { get; init; }

    /// <summary>Of one message.</summary>
    public required Figure LatencyMicroseconds { get; init; }
}

/// <summary>What joins UltraServers, or nodes.</summary>
public sealed record NetworkFigures
{
    /// <summary>What tables call it.</summary>
    public required string Name { get; init; }

    /// <summary>Of a chip, one way, in 10^9 bytes/s.</summary>
    public required Figure GigabytesPerSecond { get; init; }

    /// <summary>Of one message, memory to memory.</summary>
    public required Figure LatencyMicroseconds { get; init; }

    /// <summary>The largest cluster of them.</summary>
    public required Figure MostChips { get; init; }
}

/// <summary>What a ratio of two systems is of.</summary>
public enum RatioQuantity
{
    /// <summary>Peak FLOP/s of dense FP8.</summary>
    Compute,

    /// <summary>Bytes of HBM a second.</summary>
    MemoryBandwidth,

    /// <summary>Bytes of HBM.</summary>
    Memory,

    /// <summary>Work a joule.</summary>
    EnergyEfficiency,
}

/// <summary>A headline: this system is so many times another.</summary>
public sealed record AnnouncedRatio
{
    /// <summary>In what.</summary>
    public required RatioQuantity Of { get; init; }

    /// <summary>The other system.</summary>
    public required string Over { get; init; }

    /// <summary>How many times.</summary>
    public required Figure Ratio { get; init; }

    /// <summary>In its maker's words.</summary>
    public required string Stated { get; init; }
}

/// <summary>A machine as it can be bought: chips, the fabric that joins them, and the network beyond.</summary>
public sealed record MachineSystem
{
    /// <summary>What options call it.</summary>
    public required string Name { get; init; }

    /// <summary>For people.</summary>
    public required string Summary { get; init; }

    /// <summary>Name of its chip.</summary>
    public required string Chip { get; init; }

    /// <summary>Chips in one of them: of an UltraServer, the scale-up domain.</summary>
    public required Figure Chips { get; init; }

    /// <summary>Chips on one board.</summary>
    public required Figure SledChips { get; init; }

    /// <summary>Readings of its fabric by name, each from the innermost level out; the first is the default. Where sources disagree there are several.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<FabricLevel>> Fabrics { get; init; }

    /// <summary>Between systems.</summary>
    public required NetworkFigures Network { get; init; }

    /// <summary>What its maker says of it beside others; empty where nothing is said.</summary>
    public IReadOnlyList<AnnouncedRatio> AnnouncedRatios { get; init; } = [];

    /// <summary>Price of the whole system; null where none is public.</summary>
    public Figure? DollarsPerHour { get; init; }

    /// <summary>Number of chips.</summary>
    [JsonIgnore]
    public int ChipCount => (int)Chips.Value;
}
