using TrnOrleans.Models.Precision;

namespace TrnOrleans.Grains.Contracts;

/// <summary>What a format did to an operand, on the first chip of a run in one step.</summary>
/// <param name="Layer">Path in the network.</param>
/// <param name="Tensor">weights, activations, gradients, backward_weights or backward_activations.</param>
/// <param name="Format">Name of the format.</param>
/// <param name="SaturatedShare">Of its numbers, that lay beyond the largest number of the format.</param>
/// <param name="FlushedShare">Of its numbers, that became zero and were not.</param>
/// <param name="Largest">Largest magnitude before.</param>
/// <param name="SqnrDecibels">Signal to quantisation noise; infinite when nothing was rounded.</param>
[GenerateSerializer, Immutable]
public readonly record struct TensorNumerics(
    [property: Id(0)] string Layer, [property: Id(1)] string Tensor, [property: Id(2)] string Format, [property: Id(3)] double SaturatedShare,
    [property: Id(4)] double FlushedShare, [property: Id(5)] double Largest, [property: Id(6)] double SqnrDecibels)
{
    /// <summary>As it was seen.</summary>
    public static TensorNumerics Of(OperandNumerics seen)
    {
        double count = Math.Max(1, seen.Statistics.Count);
        return new TensorNumerics(
            seen.Layer, seen.Tensor, seen.Format.Name, seen.Statistics.Saturated / count, seen.Statistics.Flushed / count, seen.Statistics.Largest,
            seen.Statistics.SqnrDecibels);
    }
}
