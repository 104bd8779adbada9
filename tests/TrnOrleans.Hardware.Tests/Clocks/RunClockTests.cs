using CsCheck;
using TrnOrleans.Hardware.Clocks;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Tests.Clocks;

/// <summary>The clock against one that keeps the time of every chip, and plays every step through chip by chip.</summary>
public sealed class RunClockTests
{
    private static readonly Gen<(int Chips, int Servers, LateChip[][] Steps)> s_runs =
        from chips in Gen.Int[1, 6]
        from servers in Gen.Int[1, 4]
        from late in (from rank in Gen.Int[0, (chips * servers) - 1] from kernels in Gen.OneOf(Gen.Const(0.0), Gen.Double[0, 3]) from seconds in Gen.OneOf(Gen.Const(0.0), Gen.Double[0, 0.1]) select new LateChip(rank, kernels, seconds))
            .Array[0, 4].Array[1, 8]
        select (chips, servers, late.Select(l => l.DistinctBy(c => c.Rank).OrderBy(c => c.Rank).ToArray()).ToArray());

    [Fact]
    public void Steps_take_what_they_take_chip_by_chip() => s_runs.Sample(run =>
    {
        ExecutedStep step = Step(run.Chips, run.Servers);
        RunClock clock = new(step);
        double[] now = new double[run.Chips * run.Servers];
        double computing = 0;
        double idle = 0;
        double joules = 0;
        foreach (LateChip[] late in run.Steps)
        {
            double begun = now[0];
            double[] computed = new double[now.Length];
            for (int rank = 0; rank < now.Length; rank++)
            {
                LateChip own = late.FirstOrDefault(l => l.Rank == rank);
                now[rank] += own.Seconds;
                computed[rank] = (1 + own.Kernels) * step.ComputeSeconds;
                now[rank] += computed[rank];
            }

            for (int server = 0; server < run.Servers; server++)
            {
                Lift(now.AsSpan(server * run.Chips, run.Chips), step.ScaleUpSeconds);
            }

            Lift(now, step.ScaleOutSeconds);
            for (int rank = 0; rank < now.Length; rank++)
            {
                now[rank] += step.OptimizerSeconds;
                double taken = now[rank] - begun;
                computing += computed[rank] + step.OptimizerSeconds;
                idle += taken - computed[rank] - step.OptimizerSeconds - step.CommunicationSeconds;
                joules += (taken * step.WaitingWatts) + (computed[rank] / step.ComputeSeconds * step.KernelJoules);
            }

            ModelledStep modelled = clock.Step(late);
            Close(begun, modelled.Begun);
            Close(now[0] - begun, modelled.Seconds);
            Close(modelled.Seconds, modelled.ComputeSeconds + modelled.CommunicationSeconds + modelled.IdleSeconds);
        }

        Close(now[0], clock.Seconds);
        Close(computing / now.Length, clock.ComputeSeconds);
        Close(idle / now.Length, clock.IdleSeconds);
        Close(joules, clock.EnergyJoules);
        Close(step.ModelFlops * run.Steps.Length / (now[0] * step.PeakFlops), clock.Mfu);
        Close(run.Steps.Length * step.Seconds / now[0], clock.Goodput);

        static void Lift(Span<double> chips, double cost)
        {
            double latest = 0;
            foreach (double chip in chips)
            {
                latest = Math.Max(latest, chip);
            }

            chips.Fill(latest + cost);
        }
    });

    /// <summary>Stretches of a chip follow each other without a gap, to the end of the step; and no chip enters a collective before its last one is there.</summary>
    [Fact]
    public void Every_chip_s_stretches_fill_the_step() => s_runs.Sample(run =>
    {
        ExecutedStep step = Step(run.Chips, run.Servers);
        RunClock clock = new(step);
        foreach (LateChip[] late in run.Steps)
        {
            double Behind(int rank) => late.Where(l => l.Rank == rank).Sum(l => (l.Kernels * step.ComputeSeconds) + l.Seconds);
            double latest = Enumerable.Range(0, run.Chips * run.Servers).Max(Behind);
            double seconds = clock.Step(late).Seconds;
            for (int rank = 0; rank < run.Chips * run.Servers; rank++)
            {
                double here = Enumerable.Range(rank / run.Chips * run.Chips, run.Chips).Max(Behind);
                ChipSpan[] spans = [.. ChipSpan.Of(step, late.FirstOrDefault(l => l.Rank == rank) with { Rank = rank }, here, latest)];
                double end = 0;
                foreach (ChipSpan span in spans)
                {
                    Close(end, span.Start);
                    Assert.True(span.Seconds > 0);
                    end = span.Start + span.Seconds;
                }

                Close(seconds, end);
                Close(step.ComputeSeconds + here, spans.Where(s => s.Activity == ChipActivity.ScaleUp).Select(s => s.Start).DefaultIfEmpty(step.ComputeSeconds + here).Single());
                Close(step.ComputeSeconds + step.ScaleUpSeconds + latest, spans.Where(s => s.Activity == ChipActivity.ScaleOut).Select(s => s.Start).DefaultIfEmpty(step.ComputeSeconds + step.ScaleUpSeconds + latest).Single());
            }
        }
    });

    [Fact]
    public void Checkpoints_validations_and_recoveries_stop_all_chips()
    {
        ExecutedStep step = Step(4, 2);
        RunClock clock = new(step);
        clock.Step([]);
        double joules = clock.EnergyJoules;
        Assert.Equal(step.EnergyJoules, joules, 1e-9);

        // Each chip copies its own part, and computes no more samples than its share, rounded up.
        Assert.Equal(step.StateBytes / 20e9, clock.Checkpoint(), 1e-12);
        Assert.Equal(3 * step.SampleForwardSeconds, clock.Validate(17), 1e-12);
        Assert.Equal(60 + (2 * step.Seconds), clock.Recover(2), 1e-9);
        Assert.Equal(step.Seconds + clock.CheckpointSeconds + clock.ValidationSeconds + clock.RecoverySeconds, clock.Seconds, 1e-9);
        Assert.Equal(step.Seconds / clock.Seconds, clock.Goodput, 1e-12);

        // Between waiting and full load.
        double watts = Catalogue.BuiltIn.Chip("trn3").PowerWatts.Value;
        double since = clock.Seconds - step.Seconds;
        Assert.InRange(clock.EnergyJoules - joules, 0.39 * watts * 8 * since, watts * 8 * since);
    }

    private static ExecutedStep Step(int chips, int servers)
    {
        Workload work = Workload.OfExecuted(Presets.GptNano with { Vocabulary = 65 });
        return ExecutedStep.Of(Machine.Of(Catalogue.BuiltIn, "trn3-gen2", servers), PrecisionRecipe.Of("fp32"), work, work.Parameters, chips, chips * servers * 2);
    }

    private static void Close(double expected, double actual) =>
        Assert.True(Math.Abs(expected - actual) <= 1e-9 * Math.Max(1, Math.Abs(expected)), $"{expected} and {actual}");
}
