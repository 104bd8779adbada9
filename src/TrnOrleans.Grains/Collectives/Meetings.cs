namespace TrnOrleans.Grains.Collectives;

/// <summary>
/// Where two neighbours of a tree meet without a lock: the first leaves what it has and goes, the second goes on with both. Thread-safe
/// between <see cref="Begin"/>s.
/// </summary>
/// <param name="places">How many such places there are.</param>
internal sealed class Meetings(int places)
{
    private readonly int[] _met = new int[places];
    private int _epoch;

    /// <summary>A new step: nobody has been anywhere.</summary>
    internal void Begin() => _epoch++;

    /// <summary>Comes to a place. A full fence: who comes second sees what the first has written.</summary>
    /// <returns>Whether the other one was there before.</returns>
    internal bool IsSecond(int place) => Interlocked.Exchange(ref _met[place], _epoch) == _epoch;
}
