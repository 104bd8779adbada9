namespace TrnOrleans.Grains.Collectives;

/// <summary>Keeps memory from going away until it is disposed: for the length of a <c>using</c>.</summary>
public readonly struct MemoryHold : IDisposable
{
    private readonly IReductionMemory? _memory;

    /// <param name="memory">What to keep; null for memory that nobody can take away.</param>
    /// <exception cref="ObjectDisposedException">it has been given up.</exception>
    public MemoryHold(IReductionMemory? memory)
    {
        memory?.Enter();
        _memory = memory;
    }

    /// <summary>Lets it go.</summary>
    public void Dispose() => _memory?.Leave();
}
