using System.Collections.Concurrent;
using TrnOrleans.Chaos.Manifests;

namespace TrnOrleans.Chaos.Injection;

/// <summary>The schedules of the runs that have one, as this silo knows them.</summary>
/// <param name="allowsKill">Whether a fault may kill this process.</param>
public sealed class ChaosRuns(bool allowsKill)
{
    private readonly ConcurrentDictionary<string, FaultSchedule> _schedules = new(StringComparer.Ordinal);

    /// <summary>Whether a fault may kill this process.</summary>
    public bool AllowsKill => allowsKill;

    /// <summary>The schedule of a run; null when nothing is done to it.</summary>
    public FaultSchedule? Find(string run) => _schedules.TryGetValue(run, out FaultSchedule? schedule) && !schedule.IsEmpty ? schedule : null;

    /// <summary>A run comes to this silo.</summary>
    /// <param name="run">Its id.</param>
    /// <param name="manifest">As JSON; null when nothing is to be done to it, for now.</param>
    /// <param name="journals">Whether its faults are written down.</param>
    public void Learn(string run, string? manifest, bool journals) => _schedules.GetOrAdd(
        run, _ => new FaultSchedule(manifest is null ? new FaultManifest() : FaultManifest.Read(manifest, "the run's faults")) { IsJournaled = journals });

    /// <summary>A fault for a run that is under way.</summary>
    /// <returns>False when the run has never been here.</returns>
    public bool Inject(string run, FaultRule rule)
    {
        if (!_schedules.TryGetValue(run, out FaultSchedule? schedule))
        {
            return false;
        }

        schedule.Inject(rule);
        return true;
    }
}
