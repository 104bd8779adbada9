namespace TrnOrleans.Numerics.Attention;

/// <summary>Shape of causal attention over rows that hold queries, then keys, then values: (heads + 2 · keyValueHeads) · headWidth floats a row.</summary>
/// <param name="Sequences">Sequences in the rows.</param>
/// <param name="Context">Rows a sequence.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads; divides the query heads (grouped-query attention), equal for plain multi-head attention.</param>
/// <param name="HeadWidth">Floats a head.</param>
public readonly record struct AttentionShape(int Sequences, int Context, int Heads, int KeyValueHeads, int HeadWidth)
{
    /// <summary>Floats in a row of queries, keys and values.</summary>
    public int RowWidth => (Heads + (2 * KeyValueHeads)) * HeadWidth;

    /// <summary>Floats in a row of the output.</summary>
    public int OutputWidth => Heads * HeadWidth;

    /// <summary>Query heads that share one key head.</summary>
    public int Group => Heads / KeyValueHeads;

    /// <summary>Rows of all sequences.</summary>
    public int Rows => Sequences * Context;

    internal void Check()
    {
        if (Sequences < 0 || Context < 1 || Heads < 1 || KeyValueHeads < 1 || HeadWidth < 1 || Heads % KeyValueHeads != 0)
        {
            throw new ArgumentException($"{this} is no shape of attention: key-value heads must divide heads, and all be at least one");
        }
    }
}
