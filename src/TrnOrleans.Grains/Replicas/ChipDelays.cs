using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Replicas;

/// <summary>How far chips of an UltraServer are behind, in modelled time, until their next collective waits for them. Thread-safe.</summary>
public sealed class ChipDelays
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(long Step, int Chip), ChipDelay> _delays = [];
    private readonly SortedDictionary<long, ChipDelay> _links = [];
    private volatile bool _any;

    /// <summary>A chip falls behind.</summary>
    /// <param name="step">Whose collective waits for it.</param>
    /// <param name="chip">Index of the chip in its UltraServer.</param>
    /// <param name="kernels">Kernel steps that it computes beyond its own.</param>
    /// <param name="seconds">In which it does nothing.</param>
    public void Add(long step, int chip, double kernels, double seconds)
    {
        lock (_lock)
        {
            ChipDelay before = _delays.GetValueOrDefault((step, chip));
            _delays[(step, chip)] = new ChipDelay(chip, before.Kernels + kernels, before.Seconds + seconds);
            _any = true;
        }
    }

    /// <summary>A block comes late to the UltraServer. Blocks come side by side: of those of a step the latest counts, as a delay of the first chip.</summary>
    /// <param name="step">Whose collective waits for it.</param>
    /// <param name="kernels">As long as so many kernel steps.</param>
    /// <param name="seconds">Late.</param>
    public void AddLink(long step, double kernels, double seconds)
    {
        lock (_lock)
        {
            ChipDelay before = _links.GetValueOrDefault(step);
            _links[step] = new ChipDelay(0, Math.Max(before.Kernels, kernels), Math.Max(before.Seconds, seconds));
            _any = true;
        }
    }

    /// <summary>All that a step's collective waits for, in order of the chips; asked once.</summary>
    /// <param name="step">What is left of earlier ones comes with it.</param>
    /// <param name="firstRank">Of the UltraServer's first chip.</param>
    public ChipDelay[] Take(long step, int firstRank)
    {
        if (!_any)
        {
            return [];
        }

        lock (_lock)
        {
            ChipDelay[] taken = [.. _delays.Where(d => d.Key.Step <= step).Select(d => d.Value), .. _links.Where(l => l.Key <= step).Select(l => l.Value)];
            Forget(_delays, key => key.Step <= step);
            Forget(_links, key => key <= step);
            _any = _delays.Count + _links.Count > 0;
            return
            [
                .. taken.GroupBy(d => d.Rank).OrderBy(chip => chip.Key)
                    .Select(chip => new ChipDelay(firstRank + chip.Key, chip.Sum(d => d.Kernels), chip.Sum(d => d.Seconds))),
            ];
        }
    }

    private static void Forget<TKey>(SortedDictionary<TKey, ChipDelay> delays, Func<TKey, bool> isOver)
        where TKey : notnull
    {
        foreach (TKey key in delays.Keys.Where(isOver).ToArray())
        {
            delays.Remove(key);
        }
    }
}
