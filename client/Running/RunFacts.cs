using TrnOrleans.Grains.Specs;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Models.Networks;

namespace TrnOrleans.Client.Running;

/// <summary>What a view says of a run before its first event.</summary>
/// <param name="Spec">The run.</param>
/// <param name="Network">Its network.</param>
/// <param name="Data">The data in a few words.</param>
/// <param name="Where">What computes: threads of this process, or a cluster.</param>
/// <param name="Threads">Compute threads of this process; null when others compute.</param>
/// <param name="Id">The run's id; null when it lives and dies with this process.</param>
internal sealed record RunFacts(RunSpec Spec, Network Network, string Data, string Where, int? Threads, string? Id)
{
    /// <summary>The machine that is emulated.</summary>
    internal static string System => Catalogue.LargestUltraServer.Name;

    /// <summary>What a step of the run would take there when nothing fails.</summary>
    internal ExecutedStep Modelled() => ExecutedStep.Of(
        Machine.Of(Catalogue.BuiltIn, System, Spec.Cluster.UltraServers), PrecisionRecipe.Of("fp32"), Workload.OfExecuted(Network.Description), Spec.Cluster.Chips, Spec.Training.Batch);
}
