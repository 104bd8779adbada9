using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Hardware.Machines;

/// <summary>Chips, systems and stacks: those that come with the program, and a user's own beside or in place of them.</summary>
public sealed record Catalogue
{
    /// <summary>By name.</summary>
    public IReadOnlyList<Chip> Chips { get; init; } = [];

    /// <summary>By name.</summary>
    public IReadOnlyList<MachineSystem> Systems { get; init; } = [];

    /// <summary>By name and chip.</summary>
    public IReadOnlyList<SoftwareStack> Stacks { get; init; } = [];

    /// <summary>What comes with the program.</summary>
    public static Catalogue BuiltIn { get; } = Checked(
        new Catalogue { Chips = Embedded<Chip[]>("chips.json"), Systems = Embedded<MachineSystem[]>("systems.json"), Stacks = Embedded<SoftwareStack[]>("stacks.json") }, "the catalogue");

    /// <summary>The largest UltraServer that is not only announced: a run may use as many of its chips as it likes.</summary>
    public static MachineSystem LargestUltraServer { get; } = BuiltIn.System("trn3-gen2");

    /// <summary>Adds a user's file; what has a name that is known replaces it.</summary>
    /// <param name="json">An object with <c>chips</c>, <c>systems</c> and <c>stacks</c>, as far as there are any.</param>
    /// <param name="source">For messages.</param>
    /// <exception cref="InvalidDescriptionException">a key that is unknown, or a figure that cannot be; one sentence.</exception>
    public Catalogue With(string json, string source)
    {
        Catalogue more = StrictJson.Read<Catalogue>(json, source);
        CatalogueCheck.CheckNames(more, source);
        return Checked(
            new Catalogue
            {
                Chips = [.. Chips.Where(c => more.Chips.All(m => m.Name != c.Name)), .. more.Chips],
                Systems = [.. Systems.Where(s => more.Systems.All(m => m.Name != s.Name)), .. more.Systems],
                Stacks = [.. Stacks.Where(s => more.Stacks.All(m => m.Name != s.Name || m.Chip != s.Chip)), .. more.Stacks],
            },
            source);
    }

    /// <summary>By name.</summary>
    /// <exception cref="InvalidDescriptionException">there is none.</exception>
    public MachineSystem System(string name) => Systems.FirstOrDefault(s => s.Name == name) ?? throw Unknown("system", name, Systems.Select(s => s.Name));

    /// <summary>By name.</summary>
    /// <exception cref="InvalidDescriptionException">there is none.</exception>
    public Chip Chip(string name) => Chips.FirstOrDefault(c => c.Name == name) ?? throw Unknown("chip", name, Chips.Select(c => c.Name));

    /// <summary>By name and chip; the first of the chip when no name is given.</summary>
    /// <exception cref="InvalidDescriptionException">there is none.</exception>
    public SoftwareStack Stack(string? name, string chip) =>
        Stacks.FirstOrDefault(s => s.Chip == chip && (name is null || s.Name == name))
        ?? throw new InvalidDescriptionException($"there is no stack {name ?? "at all"} for the chip {chip}; known are {string.Join(", ", Stacks.Select(s => $"{s.Name} for {s.Chip}"))}");

    private static InvalidDescriptionException Unknown(string what, string name, IEnumerable<string> known) =>
        new($"there is no {what} {name}; the nearest is {NearestWord.Of(name, known)}, and known are {string.Join(", ", known)}");

    private static T Embedded<T>(string name)
    {
        using Stream stream = typeof(Catalogue).Assembly.GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream);
        return StrictJson.Read<T>(reader.ReadToEnd(), name);
    }

    private static Catalogue Checked(Catalogue catalogue, string source)
    {
        CatalogueCheck.Check(catalogue, source);
        return catalogue;
    }
}
