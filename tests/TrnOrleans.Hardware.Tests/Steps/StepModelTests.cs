using CsCheck;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Hardware.Steps;
using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Tests.Steps;

public sealed class StepModelTests
{
    private static readonly Workload s_llama = Workload.Of(PlanModels.All["llama3-8b"]);

    /// <summary>The costed network has the matrices of the executed one; vectors are not costed.</summary>
    [Theory]
    [InlineData("gpt-nano")]
    [InlineData("gpt-mini")]
    [InlineData("llama-nano")]
    public void What_is_costed_is_what_is_executed(string name)
    {
        NetworkDescription description = Presets.All[name] with { Vocabulary = 65 };
        Workload work = Workload.Of(description);
        long matrices = NetworkFactory.Create(description).Layout.Parameters.Where(p => p.Rows > 1 && p.Rows != description.Context).Sum(p => (long)p.Length);
        Assert.Equal(matrices, work.Parameters - (2L * work.Blocks * work.Width));
    }

    /// <summary>Published counts: Llama 3 (Grattafiori et al. 2024), GPT-3 (Brown et al. 2020).</summary>
    [Theory]
    [InlineData("llama3-8b", 8.03e9)]
    [InlineData("llama3-70b", 70.6e9)]
    [InlineData("llama3-405b", 405.9e9)]
    [InlineData("llama2-7b", 6.74e9)]
    [InlineData("gpt3-175b", 174.6e9)]
    public void Models_are_as_large_as_published(string name, double parameters) => Assert.Equal(1, Workload.Of(PlanModels.All[name]).Parameters / parameters, 0.005);

    /// <summary>The closed form of 1F1B against the schedule itself: a stack in which nothing but the blocks takes time.</summary>
    [Fact]
    public void A_pipeline_takes_what_its_schedule_takes() => Gen.Select(Gen.Int[1, 16], Gen.Int[1, 40]).Sample((stages, micro) =>
    {
        Workload work = s_llama with { Vocabulary = 0, Blocks = stages * 2 };
        Catalogue free = Free(pipelineExposed: 0);
        Machine machine = Machine.Of(free, "trn3-gen2", 1, stack: "free");
        Layout layout = new() { PipelineParallel = stages, MicroBatch = 1, FlashAttention = true };
        StepCost cost = machine.Model(PrecisionRecipe.Of("mixed_precision"), work).Evaluate(layout, micro);
        StepCost one = machine.Model(PrecisionRecipe.Of("mixed_precision"), work with { Blocks = 2 }).Evaluate(layout with { PipelineParallel = 1 }, 1);
        double stage = one.Seconds - one.OptimizerSeconds;
        double expected = PipelineSimulator.Seconds(stages, micro, stage / 3, stage * 2 / 3);
        return Math.Abs(((cost.Seconds - cost.OptimizerSeconds) / expected) - 1) < 1e-6;
    });

    /// <summary>No layout computes faster than its chips can, parts are times, and they add up.</summary>
    [Fact]
    public void Nothing_is_quicker_than_the_peak() => Gen.Select(
            Choice.Of("trn1.32xl", "trn2-ultraserver", "trn3-gen1", "trn3-gen2", "dgx-a100", "dgx-h100"), Choice.Of("llama3-8b", "llama3-70b", "gpt3-175b"),
            Choice.Of(1, 2, 4, 8), Choice.Of(1, 2, 4), Choice.Of(1, 2, 4, 8), Choice.Of(1, 2), Gen.Select(Gen.Enum<Recompute>(), Gen.Int[0, 3], Gen.Bool))
        .Sample((system, model, tensor, pipeline, data, micro, rest) =>
        {
            (Recompute recompute, int zero, bool flag) = rest;
            Workload work = Workload.Of(PlanModels.All[model]);
            MachineSystem found = Catalogue.BuiltIn.System(system);
            Layout layout = new()
            {
                TensorParallel = tensor,
                PipelineParallel = pipeline,
                DataParallel = data,
                MicroBatch = micro,
                Recompute = recompute,
                Zero = zero,
                SequenceParallel = flag,
                FlashAttention = flag,
            };
            Machine machine = Machine.Of(Catalogue.BuiltIn, system, (layout.Chips + found.ChipCount - 1) / found.ChipCount);
            StepCost cost = machine.Model(PrecisionRecipe.Of("mixed_precision"), work).Evaluate(layout, 64);
            double[] parts =
            [
                cost.TensorSeconds, cost.VectorSeconds, cost.LaunchSeconds, cost.TensorParallelSeconds, cost.ContextParallelSeconds, cost.ExpertParallelSeconds, cost.PipelineSeconds, cost.BubbleSeconds,
                cost.DataParallelSeconds, cost.OptimizerSeconds, cost.FixedSeconds,
            ];
            StepCost more = machine.Model(PrecisionRecipe.Of("mixed_precision"), work).Evaluate(layout, 128);
            return cost.Mfu is > 0 and < 1 && parts.All(p => p >= -1e-12) && Math.Abs(parts.Sum() - cost.Seconds) < 1e-9 && more.Seconds > cost.Seconds
                && more.Seconds <= 2 * cost.Seconds && cost.EnergyJoules > 0 && cost.Memory.Total > 0;
        }, iter: 2000);

    /// <summary>Sharing what is kept never needs more memory; and full recompute keeps least.</summary>
    [Fact]
    public void Sharing_saves_memory() => Gen.Select(Choice.Of(1, 2, 4, 8), Choice.Of(1, 2, 4), Choice.Of(2, 4, 8), Gen.Int[0, 2], Gen.Bool).Sample((tensor, pipeline, data, zero, sequence) =>
    {
        Machine machine = Machine.Of(Catalogue.BuiltIn, "trn3-gen2", 4);
        StepModel model = machine.Model(PrecisionRecipe.Of("mixed_precision"), s_llama);
        Layout layout = new() { TensorParallel = tensor, PipelineParallel = pipeline, DataParallel = data, Zero = zero, SequenceParallel = sequence };
        double Bytes(Layout l) => model.Evaluate(l, 64).Memory.Total;
        return Bytes(layout with { Zero = zero + 1 }) < Bytes(layout)
            && Bytes(layout with { Recompute = Recompute.Full }) < Bytes(layout with { Recompute = Recompute.Selective })
            && Bytes(layout with { Recompute = Recompute.Selective }) < Bytes(layout)
            && (sequence || tensor == 1 || Bytes(layout with { SequenceParallel = true }) < Bytes(layout));
    });

    /// <summary>Korthikanti et al. 2022, equation 1 and table 2: a block of GPT keeps 34 bytes of each row and width, and 5 of each score.</summary>
    [Theory]
    [InlineData(1, false, 34)]
    [InlineData(8, false, 10 + (24.0 / 8))]
    [InlineData(8, true, 34.0 / 8)]
    public void Activations_are_those_of_the_paper(int tensor, bool sequence, double bytesPerValue)
    {
        Workload work = Workload.Of(PlanModels.All["gpt3-175b"]) with { Vocabulary = 0 };
        Layout layout = new() { TensorParallel = tensor, SequenceParallel = sequence, FlashAttention = true };
        StepModel model = Machine.Of(Catalogue.BuiltIn, "trn3-gen2", 1).Model(PrecisionRecipe.Of("mixed_precision"), work);
        double values = (double)work.Blocks * work.Sequence * work.Width;
        Assert.Equal(bytesPerValue * values, model.Evaluate(layout, 1).Memory.Activations, values * 1e-6);
        double scores = 5.0 * work.Blocks * work.Heads * work.Sequence * work.Sequence / tensor;
        Assert.Equal((bytesPerValue * values) + scores, model.Evaluate(layout with { FlashAttention = false }, 1).Memory.Activations, values * 1e-6);
    }

    /// <summary>However weights are shared, all chips together hold each of them at least once.</summary>
    [Fact]
    public void Nothing_is_lost_by_sharing() => Gen.Select(Choice.Of(1, 2, 4), Choice.Of(1, 2, 4), Choice.Of(4, 8, 16), Choice.Of(1, 2, 4), Gen.Int[0, 3]).Sample((tensor, pipeline, data, experts, zero) =>
    {
        Workload work = Workload.Of(PlanModels.All["llama3-8b"], experts: 8, expertsPerToken: 2);
        Layout layout = new() { TensorParallel = tensor, PipelineParallel = pipeline, DataParallel = data, ExpertParallel = experts, Zero = zero, FlashAttention = true };
        StepCost cost = Machine.Of(Catalogue.BuiltIn, "dgx-h100", (layout.Chips + 7) / 8).Model(PrecisionRecipe.Of("mixed_precision"), work).Evaluate(layout, 64);
        return cost.Memory.Weights * layout.Chips >= 2.0 * work.Parameters * 0.9 && double.IsFinite(cost.Seconds) && cost.ExpertParallelSeconds > 0 == experts > 1;
    });

    /// <summary>More of what is sent or gathered costs more: ZeRO-3 is never quicker than ZeRO-2, nor that than ZeRO-1, but for the update.</summary>
    [Fact]
    public void Sharing_more_sends_more()
    {
        StepModel model = Machine.Of(Catalogue.BuiltIn, "trn3-gen2", 4).Model(PrecisionRecipe.Of("mixed_precision"), s_llama);
        Layout layout = new() { TensorParallel = 4, DataParallel = 144, FlashAttention = true, Zero = 1 };
        double[] data = [.. Enumerable.Range(1, 3).Select(zero => model.Evaluate(layout with { Zero = zero }, 144 * 4).DataParallelSeconds)];
        Assert.Equal(data[0] * 2.5, data[1], data[0] * 1e-9);
        Assert.Equal(data[0] * 6, data[2], data[0] * 1e-9);
    }

    [Theory]
    [InlineData(3, 1, 1, 1, "TP 3 × CP 1 × PP 1 × DP 1 = 3, and there are 144 chips")]
    [InlineData(1, 1, 1, 144, "a batch of 100 does not divide into DP 144")]
    [InlineData(9, 1, 4, 4, "TP 9 does not divide the 32 heads")]
    [InlineData(1, 1, 36, 4, "PP 36 is more than the 32 layers")]
    [InlineData(1, 9, 4, 4, "CP 9 does not divide the sequence of 8,192")]
    public void A_layout_that_does_not_multiply_out_is_refused(int tensor, int context, int pipeline, int data, string sentence)
    {
        Layout layout = new() { TensorParallel = tensor, ContextParallel = context, PipelineParallel = pipeline, DataParallel = data };
        Assert.Contains(sentence, Assert.Throws<InvalidDescriptionException>(() => layout.Check(144, s_llama, 100)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Interleaving_needs_full_rounds()
    {
        Layout layout = new() { PipelineParallel = 8, DataParallel = 18, Interleave = 4 };
        Assert.Contains("needs a multiple of PP 8 micro-batches, and there are 1", Assert.Throws<InvalidDescriptionException>(() => layout.Check(144, s_llama, 18)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDescriptionException>(() => (layout with { Interleave = 1 << 30 }).Check(144, s_llama, 18 * 8));
    }

    private static Catalogue Free(double pipelineExposed)
    {
        SoftwareStack stack = Catalogue.BuiltIn.Stack("neuron-nxd", "trn3") with
        {
            Name = "free",
            BytesPerValue = 0,
            BytesPerScore = 0,
            ForwardFloorSeconds = 0,
            BackwardFloorSeconds = 0,
            CollectiveSeconds = 0,
            StepSeconds = 0,
            PipelineExposed = pipelineExposed,
        };
        return Catalogue.BuiltIn with { Stacks = [stack] };
    }
}
