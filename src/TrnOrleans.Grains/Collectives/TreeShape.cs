namespace TrnOrleans.Grains.Collectives;

/// <summary>
/// The fixed shape of a sum over leaves 0 … n − 1: neighbours in pairs, level by level, a node without a right neighbour moving up as it
/// is. It belongs to the topology; who holds which leaf, and in which order they arrive, never changes it.
/// </summary>
/// <remarks>Node (level, index) stands for the leaves index · 2^level up to the next node's first, as far as there are leaves.</remarks>
public sealed class TreeShape
{
    private readonly int[] _firstOfLevel;

    /// <param name="leaves">At least one.</param>
    public TreeShape(int leaves)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(leaves, 1);
        Leaves = leaves;
        List<int> first = [];
        int nodes = 0;
        for (int width = leaves; ; width = (width + 1) / 2)
        {
            first.Add(nodes);
            nodes += width;
            if (width == 1)
            {
                break;
            }
        }

        Nodes = nodes;
        _firstOfLevel = [.. first];
    }

    /// <summary>Leaves.</summary>
    public int Leaves { get; }

    /// <summary>Nodes on all levels, leaves and root among them.</summary>
    public int Nodes { get; }

    /// <summary>Level of the root; 0 when there is one leaf.</summary>
    public int Root => _firstOfLevel.Length - 1;

    /// <summary>A number for a node, from 0 to <see cref="Nodes"/> − 1.</summary>
    public int Number(int level, int index) => _firstOfLevel[level] + index;

    /// <summary>Whether there is such a node.</summary>
    public bool Has(int level, int index) => level >= 0 && level <= Root && index >= 0 && FirstLeaf(level, index) < Leaves;

    /// <summary>First leaf below a node.</summary>
    public static long FirstLeaf(int level, int index) => (long)index << level;

    /// <summary>The leaf behind the last one below a node.</summary>
    public long EndLeaf(int level, int index) => Math.Min(Leaves, (long)(index + 1) << level);

    /// <summary>The sum of doubles in this shape.</summary>
    public static double Sum(ReadOnlySpan<double> leaves)
    {
        if (leaves.Length == 1)
        {
            return leaves[0];
        }

        int left = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)leaves.Length) / 2;
        return Sum(leaves[..left]) + Sum(leaves[left..]);
    }
}
