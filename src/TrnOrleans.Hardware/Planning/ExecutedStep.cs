using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Steps;

namespace TrnOrleans.Hardware.Planning;

/// <summary>
/// A step in the layout in which it is executed here, on the modelled machine: every chip computes its part of the batch with the whole
/// network, gradients are summed over the chips of each UltraServer and then over UltraServers, and every chip updates its shard. Nothing fails.
/// </summary>
/// <param name="ComputeSeconds">Forward and backward pass, and what every step costs however small it is.</param>
/// <param name="CommunicationSeconds">Both sums.</param>
/// <param name="OptimizerSeconds">The update.</param>
/// <param name="Mfu">Share of the chips' peak in the run's format.</param>
/// <param name="EnergyJoules">All chips that take part.</param>
public sealed record ExecutedStep(double ComputeSeconds, double CommunicationSeconds, double OptimizerSeconds, double Mfu, double EnergyJoules)
{
    /// <summary>The whole step.</summary>
    public double Seconds => ComputeSeconds + CommunicationSeconds + OptimizerSeconds;

    /// <summary>Costs a step.</summary>
    /// <param name="machine">As many UltraServers as the run has.</param>
    /// <param name="recipe">Formats.</param>
    /// <param name="work">What is trained.</param>
    /// <param name="chips">That take part, of each UltraServer.</param>
    /// <param name="batch">Sequences or samples in a step; divides over all chips.</param>
    public static ExecutedStep Of(Machine machine, PrecisionRecipe recipe, Workload work, int chips, long batch)
    {
        long all = chips * machine.Systems;
        int micro = (int)(batch / all);
        StepCost alone = machine.Model(recipe, work).Evaluate(new Layout { MicroBatch = micro, FlashAttention = true }, micro);
        double gradients = work.Parameters * recipe.WireBytes;
        double communication = machine.Fabric.Time(CollectiveOperation.AllReduce, gradients, new RankGroup(chips, 1)).Seconds
            + machine.Fabric.Time(CollectiveOperation.AllReduce, gradients / chips, new RankGroup((int)machine.Systems, machine.System.ChipCount)).Seconds;
        double update = alone.OptimizerSeconds / chips;
        double compute = alone.Seconds - alone.OptimizerSeconds;
        double seconds = compute + communication + update;

        // What a chip draws beyond waiting, it draws while it computes: the same watts as alone.
        double waiting = machine.Chip.PowerWatts.Value * StepModel.IdlePower;
        double busy = alone.EnergyJoules - (alone.Seconds * waiting);
        return new ExecutedStep(
            compute, communication, update, alone.ModelFlops * all / (seconds * all * machine.Chip.Peak(recipe.Compute)!.Value), all * ((seconds * waiting) + busy));
    }
}
