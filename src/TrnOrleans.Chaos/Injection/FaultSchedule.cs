using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Chaos.Injection;

/// <summary>A manifest as a function: which fault, if any, meets a call. Pure, and so the same on every silo.</summary>
/// <param name="manifest">Checked already.</param>
public sealed class FaultSchedule(FaultManifest manifest)
{
    private readonly (FaultRule Rule, FaultKind Kind, FaultTarget Target, string Site)[] _rules =
        [.. manifest.Faults.Select((rule, index) => (rule, FaultKinds.Find(rule.Kind)!, FaultTarget.Parse(rule.Target, string.Empty), $"{index}:{rule.Kind}"))];

    /// <summary>Whether what strikes is written down.</summary>
    public bool IsJournaled { get; init; }

    /// <summary>Decides where a bit flips, and the like.</summary>
    public ulong Seed => manifest.Seed;

    /// <summary>The first rule of a site that strikes; null when none does.</summary>
    /// <param name="site">What kind of place.</param>
    /// <param name="place">Which one.</param>
    /// <param name="step">The step.</param>
    /// <param name="attempt">The attempt at it.</param>
    public FaultRule? Strikes(FaultSite site, FaultPlace place, long step, int attempt)
    {
        foreach ((FaultRule rule, FaultKind kind, FaultTarget target, string name) in _rules)
        {
            if (kind.Site == site && target.Means(place, site) && Strikes(rule, name, place, step, attempt))
            {
                return rule;
            }
        }

        return null;
    }

    private bool Strikes(FaultRule rule, string name, FaultPlace place, long step, int attempt) =>
        rule.AtStep is { } at ? step == at && attempt < rule.Attempts
        : step >= rule.FromStep && (rule.UntilStep is null || step <= rule.UntilStep)
            && FaultDecision.Happens(manifest.Seed, $"{name}:{GrainKeys.Place(place.UltraServer, place.Chip, place.Spare)}", step, attempt, rule.Rate!.Value);
}
