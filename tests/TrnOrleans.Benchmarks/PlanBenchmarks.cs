using BenchmarkDotNet.Attributes;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Hardware.Steps;

namespace TrnOrleans.Benchmarks;

/// <summary>How long the modelled machine thinks: one layout; a search of more than a hundred thousand; a million chips, also with 54 days of failures.</summary>
[MemoryDiagnoser]
[ShortRunJob]
public class PlanBenchmarks
{
    private static readonly PrecisionRecipe s_recipe = PrecisionRecipe.Of("mixed_precision");
    private readonly Workload _work = Workload.Of(PlanModels.All["llama3-70b"]);
    private readonly Machine _four = Machine.Of(Catalogue.BuiltIn, "trn3-gen2", 4);
    private readonly Machine _million = Machine.Of(Catalogue.BuiltIn, "trn3-gen2", 6944);
    private readonly Layout _layout = new() { TensorParallel = 4, PipelineParallel = 2, DataParallel = 72, SequenceParallel = true, FlashAttention = true, Zero = 1, Recompute = Recompute.Selective };
    private StepModel _model = null!;

    [GlobalSetup]
    public void SetUp() => _model = _four.Model(s_recipe, _work);

    [Benchmark]
    public double OneLayout() => _model.Evaluate(_layout, 1152).Seconds;

    [Benchmark]
    public long Search() => LayoutSearch.Run(Machine.Of(Catalogue.BuiltIn, "trn3-gen2", 16), s_recipe, _work, 9216, new LayoutChoices()).Evaluated;

    [Benchmark]
    public double MillionChips() => LayoutSearch.Run(_million, s_recipe, _work, 6944 * 144, new LayoutChoices()).Best[0].Cost.Seconds;

    [Benchmark]
    public double MillionChipsFailing() => new FailureSimulation(new FailureFigures(FailureFigures.Llama3ChipHours, 60, 5, 30), _million.Chips, 1).Best(54 * 86400).Goodput;
}
