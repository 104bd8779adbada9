using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Networks;

namespace TrnOrleans.Client.Running;

/// <summary>What a view says of a run before its first event.</summary>
/// <param name="Spec">The run.</param>
/// <param name="Network">Its network.</param>
/// <param name="Data">The data in a few words.</param>
/// <param name="Where">What computes: threads of this process, or a cluster.</param>
/// <param name="Threads">Compute threads of this process; null when others compute.</param>
/// <param name="Id">The run's id; null when it lives and dies with this process.</param>
internal sealed record RunFacts(RunSpec Spec, Network Network, string Data, string Where, int? Threads, string? Id);
