using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace TrnOrleans.Grains.Placement;

/// <summary>A grain of a silo: its key is the silo's address, and there it lives.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking]
public sealed class SiloPlacement : PlacementStrategy
{
    /// <summary>The one instance that is needed.</summary>
    internal static SiloPlacement Instance { get; } = new();
}

/// <summary>Marks grains that are placed by <see cref="SiloPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SiloPlacementAttribute() : PlacementAttribute(SiloPlacement.Instance);

/// <summary>Carries out <see cref="SiloPlacement"/>.</summary>
public sealed class SiloPlacementDirector : IPlacementDirector
{
    /// <summary>The silo that the key names.</summary>
    /// <exception cref="SiloUnavailableException">it is not there any more.</exception>
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress named = SiloAddress.FromParsableString(target.GrainIdentity.Key.ToString()!);
        return context.GetCompatibleSilos(target).Contains(named)
            ? Task.FromResult(named)
            : throw new SiloUnavailableException($"silo {named} is not in the cluster any more");
    }
}
