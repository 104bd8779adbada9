namespace TrnOrleans.Grains.Contracts;

/// <summary>Bits are other than they must be, with no error from anybody: a chip computed them so, or its memory has changed them.</summary>
[GenerateSerializer]
public sealed class CorruptionException : Exception
{
    public CorruptionException(string message)
        : base(message)
    {
    }

    public CorruptionException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public CorruptionException()
    {
    }

    /// <summary>The chips that computed them, which are not to be trusted any more; none when it was memory.</summary>
    [Id(0)]
    public IReadOnlyList<int> Liars { get; init; } = [];
}
