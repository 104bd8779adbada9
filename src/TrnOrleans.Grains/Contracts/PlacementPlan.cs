namespace TrnOrleans.Grains.Contracts;

/// <summary>Which silo holds which UltraServers of a run in one generation: contiguous blocks by index, so that a silo holds whole subtrees.</summary>
/// <param name="Shares">In order of the UltraServer index; each holds at least one.</param>
[GenerateSerializer, Immutable]
public sealed record PlacementPlan([property: Id(0)] IReadOnlyList<SiloShare> Shares)
{
    /// <summary>UltraServers in all.</summary>
    public int UltraServers => Shares[^1].First + Shares[^1].Count;

    /// <summary>Place of the silo that holds an UltraServer.</summary>
    public int PlaceOf(int ultraServer)
    {
        for (int place = 0; place < Shares.Count; place++)
        {
            if (ultraServer < Shares[place].First + Shares[place].Count)
            {
                return place;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(ultraServer), ultraServer, "there is no such UltraServer");
    }

    /// <summary>The share that an UltraServer belongs to.</summary>
    public SiloShare ShareOf(int ultraServer) => Shares[PlaceOf(ultraServer)];

    /// <summary>Whether an UltraServer is the first of its silo: the one that speaks with the other silos.</summary>
    public bool IsFirstOnSilo(int ultraServer) => ShareOf(ultraServer).First == ultraServer;

    /// <summary>Spreads UltraServers evenly: silos differ by one at most, and no silo is left without one while another has two.</summary>
    /// <param name="ultraServers">At least one.</param>
    /// <param name="silos">At least one, in the order in which they shall be filled; with fewer UltraServers than silos the last get none.</param>
    public static PlacementPlan Even(int ultraServers, IReadOnlyList<string> silos)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ultraServers, 1);
        ArgumentOutOfRangeException.ThrowIfZero(silos.Count, nameof(silos));
        int count = Math.Min(ultraServers, silos.Count);
        List<SiloShare> shares = [];
        for (int place = 0; place < count; place++)
        {
            int first = (int)((long)ultraServers * place / count);
            shares.Add(new SiloShare(silos[place], first, (int)((long)ultraServers * (place + 1) / count) - first));
        }

        return new PlacementPlan(shares);
    }

    /// <summary>Whether two plans put everything in the same places.</summary>
    public bool IsSameAs(PlacementPlan? other) => other is not null && Shares.SequenceEqual(other.Shares);
}

/// <summary>What a silo holds of a run.</summary>
/// <param name="Silo">Its address, as Orleans writes it.</param>
/// <param name="First">Its first UltraServer.</param>
/// <param name="Count">How many.</param>
[GenerateSerializer, Immutable]
public sealed record SiloShare([property: Id(0)] string Silo, [property: Id(1)] int First, [property: Id(2)] int Count)
{
    /// <summary>"UltraServers 2–3", as people name what a silo holds.</summary>
    public string ForPeople => Count == 1 ? $"UltraServer {First}" : $"UltraServers {First}–{First + Count - 1}";
}
