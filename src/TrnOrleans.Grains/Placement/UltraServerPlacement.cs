using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace TrnOrleans.Grains.Placement;

/// <summary>
/// An UltraServer goes where its run's plan says (a hint that comes with the order to prepare), and its switch and chips, which it calls
/// itself, to the same silo: scale-up is memory.
/// </summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking]
public sealed class UltraServerPlacement : PlacementStrategy
{
    /// <summary>The one instance that is needed.</summary>
    internal static UltraServerPlacement Instance { get; } = new();
}

/// <summary>Marks grains that are placed by <see cref="UltraServerPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class UltraServerPlacementAttribute() : PlacementAttribute(UltraServerPlacement.Instance);

/// <summary>Carries out <see cref="UltraServerPlacement"/>.</summary>
public sealed class UltraServerPlacementDirector : IPlacementDirector
{
    /// <summary>The silo of the hint; without one the caller's own.</summary>
    /// <exception cref="SiloUnavailableException">the silo of the hint is gone.</exception>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] compatible = context.GetCompatibleSilos(target);
        if (target.RequestContextData?.ContainsKey(IPlacementDirector.PlacementHintKey) == true)
        {
            // Elsewhere it would meet the memory of other UltraServers: better nowhere.
            return Task.FromResult(
                IPlacementDirector.GetPlacementHint(target.RequestContextData, compatible)
                ?? throw new SiloUnavailableException("the silo that the run's plan names is not in the cluster any more"));
        }

        return Task.FromResult(compatible.Contains(context.LocalSilo) ? context.LocalSilo : compatible[0]);
    }

    /// <summary>Makes a call that activates its grain on a given silo.</summary>
    internal static Task On(string silo, Func<Task> call)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, SiloAddress.FromParsableString(silo));
        try
        {
            return call();
        }
        finally
        {
            // Later calls of this grain must not drag theirs there, too.
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }
}
