using Microsoft.Extensions.DependencyInjection;
using TrnOrleans.Grains.Hosting;

namespace TrnOrleans.Silo;

/// <summary>A silo of another version than the cluster's must not join it.</summary>
internal static class VersionCheck
{
    // Rows of silos that were killed stay for a while; they publish every two seconds while they live.
    private static readonly TimeSpan s_alive = TimeSpan.FromSeconds(10);

    /// <summary>Looks at the silos in the membership table, before this one is in it.</summary>
    /// <exception cref="ClusterUnreachableException">others are of another version.</exception>
    internal static async Task RunAsync(IServiceProvider services, string cluster, TimeProvider time)
    {
        IMembershipTable table = services.GetRequiredService<IMembershipTable>();
        await table.InitializeMembershipTableAsync(true, CancellationToken.None);
        MembershipTableData rows = await table.ReadAllAsync(CancellationToken.None);
        string[] others =
        [
            .. rows.Members.Select(m => m.Item1)
                .Where(m => m.Status == SiloStatus.Active && time.GetUtcNow().UtcDateTime - m.IAmAliveTime < s_alive)
                .Select(m => SiloVersion.In(m.SiloName)).Where(version => version != SiloVersion.Own).Distinct(),
        ];
        if (others.Length > 0)
        {
            throw new ClusterUnreachableException(
                $"this is trn-silo {SiloVersion.Own}, and silos of cluster {cluster} are of version {string.Join(", ", others)}; use the same version on all machines, or another --cluster");
        }
    }
}
