using System.Text.Json;
using System.Text.Json.Serialization;

namespace TrnOrleans.Hardware;

/// <summary>A scale-up domain as it can be bought: how many chips share one NeuronSwitch fabric.</summary>
/// <param name="Name">What specs call it.</param>
/// <param name="Summary">For people.</param>
/// <param name="Chips">Chips in the UltraServer.</param>
/// <param name="SledChips">Chips on one board.</param>
public sealed record UltraServerSystem(string Name, string Summary, Figure Chips, Figure SledChips)
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    /// <summary>All systems of the catalogue, smallest first.</summary>
    public static IReadOnlyList<UltraServerSystem> All { get; } = Load();

    /// <summary>The largest UltraServer of the catalogue: a run may use as many of its chips as it likes.</summary>
    public static UltraServerSystem Largest => All[^1];

    /// <summary>Number of chips.</summary>
    public int ChipCount => (int)Chips.Value;

    private static UltraServerSystem[] Load()
    {
        using Stream stream = typeof(UltraServerSystem).Assembly.GetManifestResourceStream("ultraservers.json")!;
        return [.. JsonSerializer.Deserialize<UltraServerSystem[]>(stream, s_options)!.OrderBy(s => s.Chips.Value)];
    }
}
