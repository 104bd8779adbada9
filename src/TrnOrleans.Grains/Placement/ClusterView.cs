namespace TrnOrleans.Grains.Placement;

/// <summary>The silos of the cluster as this one sees them.</summary>
/// <param name="membership">Orleans' membership.</param>
/// <param name="self">This silo.</param>
public sealed class ClusterView(IClusterMembershipService membership, ILocalSiloDetails self)
{
    /// <summary>This silo's address.</summary>
    public string Self => self.SiloAddress.ToParsableString();

    /// <summary>Grows with every change of the membership.</summary>
    public MembershipVersion Version => membership.CurrentSnapshot.Version;

    /// <summary>Addresses of the silos that are up, in a fixed order.</summary>
    public IReadOnlyList<string> Active =>
    [
        .. membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress)
            .OrderBy(a => a.Endpoint.Address.ToString(), StringComparer.Ordinal).ThenBy(a => a.Endpoint.Port).ThenBy(a => a.Generation)
            .Select(a => a.ToParsableString()),
    ];

    /// <summary>Whether a silo is known to be gone for good: dead, or followed by another at its place. One that is not known yet is not lost.</summary>
    public bool IsLost(string silo)
    {
        SiloAddress address = SiloAddress.FromParsableString(silo);
        return membership.CurrentSnapshot.Members.Values.Any(member =>
            (member.SiloAddress.Equals(address) && member.Status == SiloStatus.Dead) || member.SiloAddress.IsSuccessorOf(address));
    }

    /// <summary>"10.77.0.11:11111", as people know a silo.</summary>
    public static string ForPeople(string silo) => SiloAddress.FromParsableString(silo).Endpoint.ToString();
}
