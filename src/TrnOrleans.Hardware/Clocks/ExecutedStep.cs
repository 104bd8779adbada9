using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Hardware.Steps;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Clocks;

/// <summary>
/// A step in the layout in which it is executed here, on the modelled machine: every chip computes its part of the batch with the whole
/// network, gradients are summed over the chips of each UltraServer and then over UltraServers, and every chip updates its shard. Nothing fails.
/// </summary>
public sealed record ExecutedStep
{
    /// <summary>Forward and backward pass of a micro-batch, and what every step costs however small it is.</summary>
    public required double ComputeSeconds { get; init; }

    /// <summary>The forward pass of one sample.</summary>
    public required double SampleForwardSeconds { get; init; }

    /// <summary>The sum over the chips of an UltraServer, as far as the backward pass does not hide it.</summary>
    public required double ScaleUpSeconds { get; init; }

    /// <summary>The sum over UltraServers, likewise.</summary>
    public required double ScaleOutSeconds { get; init; }

    /// <summary>The update.</summary>
    public required double OptimizerSeconds { get; init; }

    /// <summary>Chips that take part.</summary>
    public required long Chips { get; init; }

    /// <summary>FLOP of the model in a step, as MFU counts them.</summary>
    public required double ModelFlops { get; init; }

    /// <summary>FLOP/s of all chips that take part, in the run's format.</summary>
    public required double PeakFlops { get; init; }

    /// <summary>What a chip draws while it waits.</summary>
    public required double WaitingWatts { get; init; }

    /// <summary>What a kernel step takes of a chip beyond waiting.</summary>
    public required double KernelJoules { get; init; }

    /// <summary>Weights and optimizer states that a chip keeps.</summary>
    public required double StateBytes { get; init; }

    /// <summary>FLOP of matrix products in a step, as kernels execute it: what a causal mask hides is left out, scores are computed twice.</summary>
    public required long ExecutedFlops { get; init; }

    /// <summary>
    /// Bytes that chips send each other within UltraServers in a step: (n − 1) / n of the gradient each, to be summed, and of the weights, to be
    /// gathered, as in any all-reduce that sends no more than it must.
    /// </summary>
    public required long ScaleUpBytes { get; init; }

    /// <summary>Bytes that UltraServers send each other, likewise.</summary>
    public required long ScaleOutBytes { get; init; }

    /// <summary>Both sums.</summary>
    public double CommunicationSeconds => ScaleUpSeconds + ScaleOutSeconds;

    /// <summary>The whole step.</summary>
    public double Seconds => ComputeSeconds + CommunicationSeconds + OptimizerSeconds;

    /// <summary>All chips that take part.</summary>
    public double EnergyJoules => Chips * ((Seconds * WaitingWatts) + KernelJoules);

    /// <summary>Share of the chips' peak in the run's format.</summary>
    public double Mfu => ModelFlops / (Seconds * PeakFlops);

    /// <summary>Costs a step.</summary>
    /// <param name="machine">As many UltraServers as the run has.</param>
    /// <param name="recipe">Formats.</param>
    /// <param name="work">What is trained.</param>
    /// <param name="gradients">Floats of the flat gradient, gaps included: what collectives carry.</param>
    /// <param name="chips">That take part, of each UltraServer.</param>
    /// <param name="batch">Sequences or samples in a step; divides over all chips.</param>
    /// <exception cref="InvalidDescriptionException">the machine's UltraServers have fewer chips.</exception>
    public static ExecutedStep Of(Machine machine, PrecisionRecipe recipe, Workload work, long gradients, int chips, long batch)
    {
        if (chips > machine.System.ChipCount)
        {
            throw new InvalidDescriptionException($"{machine.System.Name} has {machine.System.ChipCount} chips, and the run has {chips} in an UltraServer");
        }

        long all = chips * machine.Systems;
        int micro = (int)(batch / all);
        StepCost alone = machine.Model(recipe, work).Evaluate(new Layout { MicroBatch = micro, FlashAttention = true }, micro);
        long bytes = (long)(gradients * recipe.WireBytes);
        long gathered = (long)(gradients * recipe.GatherBytes);
        double exposed = machine.Stack.DataParallelExposed;
        double compute = alone.Seconds - alone.OptimizerSeconds;
        double waiting = machine.Chip.PowerWatts.Value * StepModel.IdlePower;
        return new ExecutedStep
        {
            ComputeSeconds = compute,
            SampleForwardSeconds = (compute - alone.FixedSeconds) / PassesOfAStep / micro,
            ScaleUpSeconds = exposed * machine.Fabric.Time(CollectiveOperation.AllReduce, (bytes + gathered) / 2.0, new RankGroup(chips, 1), first: 0).Seconds,
            ScaleOutSeconds = exposed * machine.Fabric.Time(CollectiveOperation.AllReduce, (double)bytes / chips, new RankGroup((int)machine.Systems, machine.System.ChipCount), first: 0).Seconds,
            OptimizerSeconds = alone.OptimizerSeconds / chips,
            Chips = all,
            ModelFlops = alone.ModelFlops * all,
            PeakFlops = all * machine.Chip.Peak(recipe.Compute)!.Value,
            WaitingWatts = waiting,

            // What a chip draws beyond waiting, it draws while it computes: the same watts as alone.
            KernelJoules = alone.EnergyJoules - (alone.Seconds * waiting),
            StateBytes = (alone.Memory.Weights + alone.Memory.States) / chips,
            ExecutedFlops = work.ExecutedFlops(batch),
            ScaleUpBytes = (chips - 1) * machine.Systems * (bytes + gathered),
            ScaleOutBytes = 2 * (machine.Systems - 1) * bytes,
        };
    }

    // Backward, every product is two.
    private const double PassesOfAStep = 3;
}
