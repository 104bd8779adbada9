namespace TrnOrleans.Models.Networks;

/// <summary>A tensor of activations: rows × width, where the rows are those of the micro-batch. Identity only; its memory belongs to a workspace.</summary>
public sealed class Tensor
{
    private Tensor? _sharesWith;

    internal Tensor(int index, string name, int width)
    {
        Index = index;
        Name = name;
        Width = width;
    }

    /// <summary>Place in the network's list.</summary>
    public int Index { get; }

    /// <summary>For people.</summary>
    public string Name { get; }

    /// <summary>Floats a row.</summary>
    public int Width { get; }

    /// <summary>The tensor whose gradient memory this one uses; itself, unless it shares.</summary>
    internal Tensor GradientOwner
    {
        get
        {
            Tensor owner = this;
            while (owner._sharesWith is { } next)
            {
                owner = next;
            }

            return owner;
        }
    }

    /// <summary>
    /// Keeps this gradient where another's is: both are the same values, as on both sides of a residual sum, or one is made in place of the other.
    /// </summary>
    internal void ShareGradientWith(Tensor other) => _sharesWith = other;
}
