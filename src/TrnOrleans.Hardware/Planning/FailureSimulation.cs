using TrnOrleans.Numerics.Elementary;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Hardware.Planning;

/// <summary>What makes a long training run lose time.</summary>
/// <param name="ChipHoursBetween">Chip-hours from one interruption to the next, on average.</param>
/// <param name="RestartSeconds">From an interruption until training goes on.</param>
/// <param name="SnapshotSeconds">That a checkpoint stops training.</param>
/// <param name="WriteSeconds">Until it is safe; meanwhile training goes on.</param>
public sealed record FailureFigures(double ChipHoursBetween, double RestartSeconds, double SnapshotSeconds, double WriteSeconds)
{
    /// <summary>Assumed: what a restart takes when processes start anew; TrainMover measured 20 s, HyperPod 47 s.</summary>
    public const double AssumedRestartSeconds = 60;

    /// <summary>Assumed: into the host's memory over PCIe.</summary>
    public const double SnapshotBytesPerSecond = 20e9;

    /// <summary>Assumed: from there to a store, of each chip.</summary>
    public const double StoreBytesPerSecond = 1e9;

    /// <summary>Llama 3 405B: 419 unexpected interruptions of 16,384 GPUs in 54 days (Grattafiori et al. 2024, table 5). Nothing is published for Trainium.</summary>
    public const double Llama3ChipHours = 16_384 * 54 * 24.0 / 419;
}

/// <summary>How a run fares with failures.</summary>
/// <param name="CheckpointSeconds">Training time between checkpoints.</param>
/// <param name="Goodput">Share of the time that was training which counted.</param>
/// <param name="Failures">How many there were.</param>
public sealed record FailureOutcome(double CheckpointSeconds, double Goodput, long Failures);

/// <summary>Plays the failures of a cluster through, event by event: exponential times between them, work since the last safe checkpoint lost.</summary>
/// <param name="figures">What happens.</param>
/// <param name="chips">That can fail.</param>
/// <param name="seed">Decides when they do.</param>
public sealed class FailureSimulation(FailureFigures figures, long chips, ulong seed)
{
    // More would not be simulated in seconds, and no such cluster trains anything.
    private const long MostFailures = 20_000_000;

    private readonly CounterRandom _random = new(seed, RandomUse.Fault, 1);

    /// <summary>Seconds between failures of the whole cluster, on average.</summary>
    public double MeanSeconds => figures.ChipHoursBetween * 3600 / chips;

    /// <summary>Plays one interval through.</summary>
    /// <param name="seconds">Of wall time.</param>
    /// <param name="interval">Seconds of training between checkpoints.</param>
    public FailureOutcome Run(double seconds, double interval)
    {
        double now = 0;
        double safe = 0;
        long failures = 0;
        while (now < seconds && failures < MostFailures)
        {
            double end = Math.Min(seconds, now - (ScalarMath.Log(1 - _random.Uniform((ulong)failures)) * MeanSeconds));

            // Since the last restart: intervals of training, each with its snapshot; the last of them is safe only when it is written.
            double up = end - now;
            double cycle = interval + figures.SnapshotSeconds;
            double trained = (Math.Floor(up / cycle) * interval) + Math.Min(up % cycle, interval);
            if (end >= seconds)
            {
                safe += trained;
                now = end;
                break;
            }

            double written = Math.Floor(Math.Max(0, up - figures.WriteSeconds) / cycle);
            safe += written * interval;
            failures++;
            now = end + figures.RestartSeconds;
        }

        return new FailureOutcome(interval, safe / (failures == MostFailures ? now : Math.Max(now, seconds)), failures);
    }

    /// <summary>The interval with the best goodput, by trying: around Young's √(2 · cost · mean time between failures), from a sixteenth of it to sixteen times.</summary>
    public FailureOutcome Best(double seconds)
    {
        double young = Math.Sqrt(2 * Math.Max(figures.SnapshotSeconds, 1e-3) * MeanSeconds);
        return Enumerable.Range(-16, 33).AsParallel().AsOrdered().Select(i => Run(seconds, young * ScalarMath.Pow(2.0, i / 4.0))).MaxBy(o => o.Goodput)!;
    }
}
