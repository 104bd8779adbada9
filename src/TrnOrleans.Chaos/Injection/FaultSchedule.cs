using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Chaos.Injection;

/// <summary>
/// A manifest as a function: which fault, if any, meets a call. Pure, and so the same on every silo; beside it, what somebody injects by hand.
/// </summary>
/// <param name="manifest">Checked already.</param>
public sealed class FaultSchedule(FaultManifest manifest)
{
    private readonly (FaultRule Rule, FaultKind Kind, FaultTarget Target, string Site)[] _rules =
        [.. manifest.Faults.Select((rule, index) => (rule, FaultKinds.Find(rule.Kind)!, FaultTarget.Parse(rule.Target, string.Empty), $"{index}:{rule.Kind}"))];

    // Faults of people, which strike once.
    private readonly Lock _lock = new();
    private readonly List<FaultRule> _injected = [];
    private volatile bool _hasInjected;

    /// <summary>Whether nothing can strike.</summary>
    public bool IsEmpty => _rules.Length == 0 && !_hasInjected;

    /// <summary>Whether what strikes is written down.</summary>
    public bool IsJournaled { get; init; }

    /// <summary>Decides where a bit flips, and the like.</summary>
    public ulong Seed => manifest.Seed;

    /// <summary>A fault that strikes once, at the first opportunity at its target from its step on.</summary>
    public void Inject(FaultRule rule)
    {
        lock (_lock)
        {
            _injected.Add(rule);
            _hasInjected = true;
        }
    }

    /// <summary>The first rule of a site that strikes; null when none does.</summary>
    /// <param name="site">What kind of place.</param>
    /// <param name="place">Which one.</param>
    /// <param name="step">The step.</param>
    /// <param name="attempt">The attempt at it.</param>
    /// <param name="only">The one kind that can strike here; null for any of the site.</param>
    public FaultRule? Strikes(FaultSite site, FaultPlace place, long step, int attempt, FaultKind? only = null)
    {
        foreach ((FaultRule rule, FaultKind kind, FaultTarget target, string name) in _rules)
        {
            if (kind.Site == site && (only is null || kind == only) && target.Means(place, site) && (rule.Moment is not { } moment || place.Chip == (int)moment) && Strikes(rule, name, place, step, attempt))
            {
                return rule;
            }
        }

        return _hasInjected ? TakeInjected(site, place, step, only) : null;
    }

    private FaultRule? TakeInjected(FaultSite site, FaultPlace place, long step, FaultKind? only)
    {
        lock (_lock)
        {
            int found = _injected.FindIndex(rule =>
                FaultKinds.Find(rule.Kind) is { } kind && kind.Site == site && (only is null || kind == only) && step >= rule.AtStep && FaultTarget.Parse(rule.Target, string.Empty).Means(place, site));
            if (found < 0)
            {
                return null;
            }

            FaultRule rule = _injected[found];
            _injected.RemoveAt(found);
            _hasInjected = _injected.Count > 0;
            return rule;
        }
    }

    private bool Strikes(FaultRule rule, string name, FaultPlace place, long step, int attempt) =>
        rule.AtStep is { } at ? step == at && attempt < rule.Attempts
        : step >= rule.FromStep && (rule.UntilStep is null || step <= rule.UntilStep)
            && FaultDecision.Happens(manifest.Seed, $"{name}:{GrainKeys.Place(place.UltraServer, place.Chip, place.Spare)}", step, attempt, rule.Rate!.Value);
}
