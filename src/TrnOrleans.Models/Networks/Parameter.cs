namespace TrnOrleans.Models.Networks;

/// <summary>A weight tensor inside the flat weights of a network.</summary>
/// <param name="Name">Path in the network, such as "layers.0.attention.qkv.weight".</param>
/// <param name="Rows">Output side; 1 for a vector.</param>
/// <param name="Columns">Input side.</param>
/// <param name="Offset">Of the first float in the flat weights; a multiple of 16.</param>
/// <param name="IsMatrix">Whether weight decay applies by default.</param>
/// <param name="Deviation">Standard deviation of fresh values.</param>
/// <param name="Mean">Mean of fresh values: 1 for the weight of a normalisation, else 0.</param>
public sealed record Parameter(string Name, int Rows, int Columns, long Offset, bool IsMatrix, double Deviation, float Mean)
{
    /// <summary>Number of floats.</summary>
    public int Length => checked(Rows * Columns);
}
