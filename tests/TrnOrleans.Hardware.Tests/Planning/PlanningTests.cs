using TrnOrleans.Hardware.Clocks;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Hardware.Steps;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Tests.Planning;

public sealed class PlanningTests
{
    private static readonly PrecisionRecipe s_recipe = PrecisionRecipe.Of("mixed_precision");

    /// <summary>Against every layout that there is, enumerated here with nothing left out.</summary>
    [Fact]
    public void The_search_finds_what_trying_everything_finds()
    {
        Workload work = Workload.Of(PlanModels.All["llama3-8b"]);
        Machine machine = Machine.Of(Catalogue.BuiltIn, "trn2.48xl", 1);
        const long Batch = 32;
        SearchResult found = LayoutSearch.Run(machine, s_recipe, work, Batch, new LayoutChoices());
        StepModel model = machine.Model(s_recipe, work);
        Plan? best = null;
        long tried = 0;
        foreach (int tensor in Enumerable.Range(1, 16))
        {
            foreach (int context in Enumerable.Range(1, 8))
            {
                foreach (int pipeline in Enumerable.Range(1, 16))
                {
                    foreach (int data in Enumerable.Range(1, 16).Where(d => tensor * context * pipeline * d == 16))
                    {
                        foreach (int interleave in Enumerable.Range(1, 16))
                        {
                            foreach (int micro in new[] { 1, 2, 4, 8, 16, 32 })
                            {
                                foreach (int rest in Enumerable.Range(0, 24))
                                {
                                    Layout layout = new()
                                    {
                                        TensorParallel = tensor,
                                        ContextParallel = context,
                                        PipelineParallel = pipeline,
                                        DataParallel = data,
                                        Interleave = interleave,
                                        MicroBatch = micro,
                                        Zero = rest % 4,
                                        Recompute = (Recompute)(rest / 4 % 3),
                                        SequenceParallel = rest / 12 == 1,
                                        FlashAttention = true,
                                    };
                                    try
                                    {
                                        layout.Check(16, work, Batch);
                                    }
                                    catch (InvalidDescriptionException)
                                    {
                                        continue;
                                    }

                                    if (layout.SequenceParallel && tensor == 1)
                                    {
                                        // The same as without.
                                        continue;
                                    }

                                    tried++;
                                    StepCost cost = model.Evaluate(layout, Batch);
                                    best = cost.Fits && (best is null || cost.Seconds < best.Cost.Seconds) ? new Plan(layout, cost) : best;
                                }
                            }
                        }
                    }
                }
            }
        }

        Assert.Equal(tried, found.Evaluated);
        Assert.Equal(best!.Cost.Seconds, found.Best[0].Cost.Seconds);
        Assert.All(found.Front.Zip(found.Front.Skip(1)), pair => Assert.True(pair.First.Cost.Seconds <= pair.Second.Cost.Seconds && pair.First.Cost.Memory.Total > pair.Second.Cost.Memory.Total));
    }

    [Fact]
    public void What_does_not_fit_is_not_among_the_best()
    {
        Workload work = Workload.Of(PlanModels.All["llama3-405b"]);
        SearchResult found = LayoutSearch.Run(Machine.Of(Catalogue.BuiltIn, "trn1.32xl", 1), s_recipe, work, 16, new LayoutChoices());
        Assert.Empty(found.Best);
        Assert.False(found.Smallest.Cost.Fits);
        Assert.True(found.Smallest.Cost.Memory.Total > found.Smallest.Cost.MemoryBytes);
    }

    /// <summary>As it is executed: alone there is nothing to send, with more chips there is less to compute and more to send, and never above the peak.</summary>
    [Theory]
    [InlineData("gpt-nano")]
    [InlineData("mlp")]
    public void An_executed_step_computes_less_and_sends_more_on_more_chips(string name)
    {
        Workload work = Workload.OfExecuted(Presets.All[name] with { Vocabulary = Presets.All[name].IsLanguageModel ? 65 : 0 });
        PrecisionRecipe fp32 = PrecisionRecipe.Of("fp32");
        ExecutedStep On(int chips, long systems) => ExecutedStep.Of(Machine.Of(Catalogue.BuiltIn, "trn3-gen2", systems), fp32, work, work.Parameters, chips, 288 * 4);
        ExecutedStep[] steps = [On(1, 1), On(4, 1), On(72, 1), On(144, 1), On(144, 2), On(144, 4)];
        Assert.Equal(0, steps[0].CommunicationSeconds);
        Assert.All(steps.Zip(steps.Skip(1)), pair =>
        {
            Assert.True(pair.First.ComputeSeconds >= pair.Second.ComputeSeconds);
            Assert.True(pair.First.CommunicationSeconds < pair.Second.CommunicationSeconds);
        });
        Assert.All(steps, s => Assert.InRange(s.Mfu, 1e-9, 0.95));

        // Between waiting and full load.
        double watts = Catalogue.BuiltIn.Chip("trn3").PowerWatts.Value;
        Assert.InRange(steps[3].EnergyJoules, 0.39 * watts * 144 * steps[3].Seconds, watts * 144 * steps[3].Seconds);
    }

    /// <summary>6 FLOP a weight and sample, as the kernels of an mlp do them: 2 forward, 4 backward.</summary>
    [Fact]
    public void An_mlp_has_the_flops_of_its_products() =>
        Assert.Equal(6.0 * ((784 * 128) + (128 * 10)), Workload.OfExecuted(Presets.Mlp).FlopsPerToken);

    [Fact]
    public void What_is_given_stays_so()
    {
        Workload work = Workload.Of(PlanModels.All["llama3-70b"]);
        LayoutChoices choices = new() { TensorParallel = 8, PipelineParallel = 2, Zero = 1, Recompute = Recompute.Selective, MicroBatch = 2 };
        SearchResult found = LayoutSearch.Run(Machine.Of(Catalogue.BuiltIn, "trn3-gen2", 4), s_recipe, work, 1152, choices);
        Assert.All(found.Best, p => Assert.Equal((8, 2, 1, Recompute.Selective, 2), (p.Layout.TensorParallel, p.Layout.PipelineParallel, p.Layout.Zero, p.Layout.Recompute, p.Layout.MicroBatch)));
    }

    /// <summary>Second by second, in the plainest way: training, a snapshot every so often, a failure with the chance of a second, and a restart.</summary>
    [Fact]
    public void Failures_cost_what_they_cost_second_by_second()
    {
        FailureFigures figures = new(ChipHoursBetween: 2000, RestartSeconds: 120, SnapshotSeconds: 20, WriteSeconds: 100);
        const long Chips = 1000;
        const double Span = 400 * 86400.0;
        const int Interval = 600;
        FailureOutcome simulated = new FailureSimulation(figures, Chips, 7).Run(Span, Interval);
        Random random = new(7);
        double chance = Chips / (figures.ChipHoursBetween * 3600);
        double useful = 0;
        double sinceRestart = 0;
        double down = 0;
        for (long second = 0; second < Span; second++)
        {
            if (down > 0)
            {
                down--;
                continue;
            }

            sinceRestart++;
            if (random.NextDouble() < chance)
            {
                useful += Math.Floor(Math.Max(0, sinceRestart - figures.WriteSeconds) / (Interval + figures.SnapshotSeconds)) * Interval;
                (sinceRestart, down) = (0, figures.RestartSeconds);
            }
        }

        useful += Math.Floor(sinceRestart / (Interval + figures.SnapshotSeconds)) * Interval;
        Assert.Equal(useful / Span, simulated.Goodput, 0.01);
        Assert.Equal(1 / chance, Span / simulated.Failures, 0.05 / chance);
    }

    [Fact]
    public void The_best_interval_is_no_worse_than_its_neighbours()
    {
        FailureSimulation simulation = new(new FailureFigures(FailureFigures.Llama3ChipHours, 60, 5, 30), 16_384, 1);
        FailureOutcome best = simulation.Best(54 * 86400);
        foreach (double times in new[] { 0.25, 0.5, 2, 4 })
        {
            Assert.True(simulation.Run(54 * 86400, best.CheckpointSeconds * times).Goodput <= best.Goodput);
        }

        // As often as there: 419 in 54 days.
        Assert.InRange(best.Failures, 419 - 80, 419 + 80);
    }
}
