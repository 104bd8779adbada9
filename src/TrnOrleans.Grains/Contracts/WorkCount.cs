namespace TrnOrleans.Grains.Contracts;

/// <summary>What kernels and collectives have done, counted where they did it.</summary>
/// <param name="Steps">Committed meanwhile.</param>
/// <param name="Flops">FLOP of matrix products, whatever was computed twice counted twice.</param>
/// <param name="ScaleUpBytes">Bytes of gradients and weights that went from chip to chip within UltraServers.</param>
/// <param name="ScaleOutBytes">Bytes of gradients and their sums that went from UltraServer to UltraServer, over however few wires here.</param>
[GenerateSerializer, Immutable]
public readonly record struct WorkCount([property: Id(0)] long Steps, [property: Id(1)] long Flops, [property: Id(2)] long ScaleUpBytes, [property: Id(3)] long ScaleOutBytes)
{
    /// <summary>Both, one after the other.</summary>
    public WorkCount Then(WorkCount next) => Beside(next) with { Steps = Steps + next.Steps };

    /// <summary>Both, in the same steps.</summary>
    public WorkCount Beside(WorkCount other) => this with
    {
        Flops = Flops + other.Flops,
        ScaleUpBytes = ScaleUpBytes + other.ScaleUpBytes,
        ScaleOutBytes = ScaleOutBytes + other.ScaleOutBytes,
    };
}
