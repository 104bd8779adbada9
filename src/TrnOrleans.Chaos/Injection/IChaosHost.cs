using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Chaos.Injection;

/// <summary>Takes faults for runs that are under way. Key: the silo's address; it lives there.</summary>
public interface IChaosHost : IGrainWithStringKey
{
    /// <summary>Lets a fault strike once: at the first opportunity at its target, from its step on.</summary>
    /// <param name="run">The run.</param>
    /// <param name="rule">As JSON, as in a manifest.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="RunFailedException">nothing of the run is on this silo, or the silo does not allow it.</exception>
    Task Inject(string run, string rule, CancellationToken cancellation);
}
