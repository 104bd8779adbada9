namespace TrnOrleans.Hardware.Clocks;

/// <summary>What a chip does for some time.</summary>
public enum ChipActivity
{
    /// <summary>Its kernel step.</summary>
    Compute,

    /// <summary>Nothing, because of a fault.</summary>
    Stalled,

    /// <summary>Waiting for a chip that is late.</summary>
    Wait,

    /// <summary>The all-reduce over the chips of its UltraServer.</summary>
    ScaleUp,

    /// <summary>The all-reduce over UltraServers.</summary>
    ScaleOut,

    /// <summary>The update of its shard.</summary>
    Update,
}

/// <summary>A stretch of a chip's time.</summary>
/// <param name="Activity">What it does.</param>
/// <param name="Start">Seconds since the step began.</param>
/// <param name="Seconds">How long.</param>
public readonly record struct ChipSpan(ChipActivity Activity, double Start, double Seconds)
{
    /// <summary>Where a chip's time goes in a step: one stretch after another, without a gap, of those that last at all.</summary>
    /// <param name="step">What a step takes when nothing fails.</param>
    /// <param name="chip">The chip, with what it is behind by.</param>
    /// <param name="latestHere">Seconds that the latest chip of its UltraServer is behind by.</param>
    /// <param name="latest">Seconds that the latest chip of all is behind by.</param>
    public static IEnumerable<ChipSpan> Of(ExecutedStep step, LateChip chip, double latestHere, double latest)
    {
        double own = (chip.Kernels * step.ComputeSeconds) + chip.Seconds;
        (ChipActivity Activity, double Seconds)[] spans =
        [
            (ChipActivity.Stalled, chip.Seconds), (ChipActivity.Compute, (1 + chip.Kernels) * step.ComputeSeconds), (ChipActivity.Wait, latestHere - own),
            (ChipActivity.ScaleUp, step.ScaleUpSeconds), (ChipActivity.Wait, latest - latestHere), (ChipActivity.ScaleOut, step.ScaleOutSeconds), (ChipActivity.Update, step.OptimizerSeconds),
        ];
        double start = 0;
        foreach ((ChipActivity activity, double seconds) in spans)
        {
            if (seconds > 0)
            {
                yield return new ChipSpan(activity, start, seconds);
                start += seconds;
            }
        }
    }
}
