using TrnOrleans.Hardware.Planning;

namespace TrnOrleans.Hardware.Clocks;

/// <summary>
/// The clock of the modelled machine, as a run goes on. Every chip's time grows with what it computes; a collective lifts all to the latest
/// and adds what it costs itself; checkpoints, validations and recoveries stop all chips. What happens is told from outside, so that the
/// clock has no part in it.
/// </summary>
/// <param name="step">What a step takes when nothing fails.</param>
public sealed class RunClock(ExecutedStep step)
{
    /// <summary>What a step takes when nothing fails.</summary>
    public ExecutedStep Undisturbed => step;

    /// <summary>Seconds since the run began: the sum of all that follows.</summary>
    public double Seconds => StepSeconds + CheckpointSeconds + ValidationSeconds + RecoverySeconds;

    /// <summary>Steps that have been told.</summary>
    public long Steps { get; private set; }

    /// <summary>All of those together.</summary>
    public double StepSeconds => ComputeSeconds + CommunicationSeconds + IdleSeconds;

    /// <summary>In steps, on average over the chips: kernels and updates.</summary>
    public double ComputeSeconds { get; private set; }

    /// <summary>In steps: collectives that hide behind nothing.</summary>
    public double CommunicationSeconds { get; private set; }

    /// <summary>In steps, on average over the chips: waiting for one that is late.</summary>
    public double IdleSeconds { get; private set; }

    /// <summary>All chips copy their state aside.</summary>
    public double CheckpointSeconds { get; private set; }

    /// <summary>All chips read the validation set.</summary>
    public double ValidationSeconds { get; private set; }

    /// <summary>Restarts, and steps that were computed again.</summary>
    public double RecoverySeconds { get; private set; }

    /// <summary>All chips.</summary>
    public double EnergyJoules { get; private set; }

    /// <summary>Share of the chips' peak, over the steps; 0 before the first.</summary>
    public double Mfu => Steps == 0 ? 0 : step.ModelFlops * Steps / (StepSeconds * step.PeakFlops);

    /// <summary>Share of the time that steps take when nothing fails; 0 before the first.</summary>
    public double Goodput => Steps == 0 ? 0 : step.Seconds * Steps / Seconds;

    /// <summary>The step that was told last.</summary>
    public ModelledStep Last { get; private set; }

    /// <summary>A step was committed.</summary>
    /// <param name="late">Chips that were behind in it.</param>
    public ModelledStep Step(IReadOnlyList<LateChip> late)
    {
        double latest = 0;
        double kernels = 0;
        foreach (LateChip chip in late)
        {
            latest = Math.Max(latest, (chip.Kernels * step.ComputeSeconds) + chip.Seconds);
            kernels += chip.Kernels;
        }

        double again = kernels * step.ComputeSeconds / step.Chips;
        double seconds = step.Seconds + latest;
        double joules = (step.Chips * ((seconds * step.WaitingWatts) + step.KernelJoules)) + (kernels * step.KernelJoules);
        ModelledStep taken = new(
            Seconds, seconds, step.ComputeSeconds + step.OptimizerSeconds + again, step.CommunicationSeconds, latest - again, joules, step.ModelFlops / (seconds * step.PeakFlops));
        Steps++;
        ComputeSeconds += taken.ComputeSeconds;
        CommunicationSeconds += taken.CommunicationSeconds;
        IdleSeconds += taken.IdleSeconds;
        EnergyJoules += joules;
        Last = taken;
        return taken;
    }

    /// <summary>A checkpoint was taken: training stands while chips copy what they keep, and goes on while that is written.</summary>
    /// <returns>Seconds.</returns>
    public double Checkpoint()
    {
        double seconds = step.StateBytes / FailureFigures.SnapshotBytesPerSecond;
        CheckpointSeconds += seconds;
        EnergyJoules += seconds * step.WaitingWatts * step.Chips;
        return seconds;
    }

    /// <summary>The validation set was read, each chip its part.</summary>
    /// <param name="samples">In all.</param>
    /// <returns>Seconds.</returns>
    public double Validate(long samples)
    {
        double seconds = (samples + step.Chips - 1) / step.Chips * step.SampleForwardSeconds;
        ValidationSeconds += seconds;
        EnergyJoules += ((seconds * step.WaitingWatts) + (step.KernelJoules * seconds / step.ComputeSeconds)) * step.Chips;
        return seconds;
    }

    /// <summary>Something failed, and all went on from where they could.</summary>
    /// <param name="again">Steps that were computed for nothing: begun and lost, or behind the checkpoint.</param>
    /// <returns>Seconds.</returns>
    public double Recover(long again)
    {
        double seconds = FailureFigures.AssumedRestartSeconds + (again * step.Seconds);
        RecoverySeconds += seconds;
        EnergyJoules += (FailureFigures.AssumedRestartSeconds * step.WaitingWatts * step.Chips) + (again * step.EnergyJoules);
        return seconds;
    }
}
