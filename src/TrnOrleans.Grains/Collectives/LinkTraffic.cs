namespace TrnOrleans.Grains.Collectives;

/// <summary>What went over one link of a run: from one silo to another.</summary>
/// <param name="From">Address of the sender.</param>
/// <param name="To">Address of the receiver.</param>
/// <param name="Blocks">Buckets sent.</param>
/// <param name="Bytes">Bytes of their floats; the messages' own headers, some hundred bytes a bucket, are not in it.</param>
[GenerateSerializer, Immutable]
public sealed record LinkTraffic([property: Id(0)] string From, [property: Id(1)] string To, [property: Id(2)] long Blocks, [property: Id(3)] long Bytes)
{
    /// <summary>Adds up traffic by link, in order of the addresses.</summary>
    public static IReadOnlyList<LinkTraffic> Sum(IEnumerable<LinkTraffic> links) =>
    [
        .. links.GroupBy(l => (l.From, l.To)).OrderBy(g => g.Key)
            .Select(g => new LinkTraffic(g.Key.From, g.Key.To, g.Sum(l => l.Blocks), g.Sum(l => l.Bytes))),
    ];
}
