namespace TrnOrleans.Grains.Contracts;

/// <summary>What a chip says of a kernel step.</summary>
/// <param name="Loss">Sum over its rows.</param>
/// <param name="Hash">Of its gradient, where the step is to be verified; else zero.</param>
/// <param name="Numerics">What formats did to its operands, where that was asked for; else null.</param>
[GenerateSerializer, Immutable]
public readonly record struct GradientReport([property: Id(0)] double Loss, [property: Id(1)] ShardDigest Hash, [property: Id(2)] TensorNumerics[]? Numerics = null)
{
    /// <summary>Whether two chips came to the same bits; two NaN are the same when their bits are.</summary>
    public bool HasSameBits(GradientReport other) =>
        Hash == other.Hash && BitConverter.DoubleToInt64Bits(Loss) == BitConverter.DoubleToInt64Bits(other.Loss);
}
