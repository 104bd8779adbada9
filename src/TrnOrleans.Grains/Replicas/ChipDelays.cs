using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Replicas;

/// <summary>How far chips of an UltraServer are behind, in modelled time, until their next collective waits for them. Thread-safe.</summary>
public sealed class ChipDelays
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(long Step, int Chip), (double Kernels, double Seconds)> _delays = [];
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
            (double k, double s) = _delays.GetValueOrDefault((step, chip));
            _delays[(step, chip)] = (k + kernels, s + seconds);
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
            var taken = _delays.Where(d => d.Key.Step <= step).ToArray();
            foreach (var delay in taken)
            {
                _delays.Remove(delay.Key);
            }

            _any = _delays.Count > 0;
            return
            [
                .. taken.GroupBy(d => d.Key.Chip).OrderBy(chip => chip.Key)
                    .Select(chip => new ChipDelay(firstRank + chip.Key, chip.Sum(d => d.Value.Kernels), chip.Sum(d => d.Value.Seconds))),
            ];
        }
    }
}
