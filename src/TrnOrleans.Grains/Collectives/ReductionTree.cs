namespace TrnOrleans.Grains.Collectives;

/// <summary>Two neighbours of a reduction that are both there: the right one is to be added into the left one.</summary>
/// <param name="Left">Buffer that receives.</param>
/// <param name="Right">Buffer that is added, then free.</param>
/// <param name="Level">Level of both; the sum belongs one level up.</param>
/// <param name="Index">Index of the left one on its level.</param>
public readonly record struct Fold(int Left, int Right, int Level, int Index);

/// <summary>
/// The fixed shape of a sum over leaves 0 … n − 1: neighbours in pairs, level by level, a node without a right neighbour moving up as it
/// is. In which order the leaves arrive decides when a fold can be made, never which folds are made.
/// </summary>
/// <remarks>Arriving in order, at most log₂ n + 1 partial sums are held. Not thread-safe: its owner is a grain.</remarks>
/// <param name="leaves">At least one.</param>
public sealed class ReductionTree(int leaves)
{
    private readonly Dictionary<(int Level, int Index), int> _waiting = [];
    private readonly bool[] _seen = new bool[leaves];

    /// <summary>The buffer with the whole sum, once it is there.</summary>
    public int? Root { get; private set; }

    /// <summary>Partial sums that wait for a neighbour.</summary>
    public int Held => _waiting.Count;

    /// <summary>A leaf arrives.</summary>
    /// <param name="leaf">Its index.</param>
    /// <param name="buffer">Where its values are.</param>
    /// <param name="fold">What can be added now; report it with <see cref="Folded"/> when done.</param>
    /// <returns>Whether there is a fold.</returns>
    /// <exception cref="ArgumentOutOfRangeException">no such leaf.</exception>
    /// <exception cref="InvalidOperationException">the leaf has been here before.</exception>
    public bool Arrive(int leaf, int buffer, out Fold fold)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(leaf);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(leaf, leaves);
        if (_seen[leaf])
        {
            throw new InvalidOperationException($"leaf {leaf} has arrived before");
        }

        _seen[leaf] = true;
        return Place(0, leaf, buffer, out fold);
    }

    /// <summary>Whether a leaf has arrived.</summary>
    public bool HasArrived(int leaf) => _seen[leaf];

    /// <summary>A fold is done: its left buffer now holds the sum.</summary>
    /// <returns>Whether the sum has a neighbour to be folded with.</returns>
    public bool Folded(Fold done, out Fold next) => Place(done.Level + 1, done.Index / 2, done.Left, out next);

    private bool Place(int level, int index, int buffer, out Fold fold)
    {
        fold = default;
        while (true)
        {
            long width = 1L << level;
            if (width >= leaves)
            {
                Root = buffer;
                return false;
            }

            int neighbour = index ^ 1;
            if (neighbour * width >= leaves)
            {
                // Nobody on the right: move up alone.
                level++;
                index /= 2;
                continue;
            }

            if (!_waiting.Remove((level, neighbour), out int other))
            {
                _waiting.Add((level, index), buffer);
                return false;
            }

            fold = index < neighbour ? new Fold(buffer, other, level, index) : new Fold(other, buffer, level, neighbour);
            return true;
        }
    }
}
