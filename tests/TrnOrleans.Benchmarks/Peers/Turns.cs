namespace TrnOrleans.Benchmarks.Peers;

/// <summary>What several turns of a measurement come to.</summary>
internal static class Turns
{
    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
