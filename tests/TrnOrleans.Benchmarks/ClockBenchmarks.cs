using BenchmarkDotNet.Attributes;
using TrnOrleans.Hardware.Clocks;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Numerics.MatrixProducts;

namespace TrnOrleans.Benchmarks;

/// <summary>What the modelled clock adds to a step of a run, on the console that follows it; and a small product, which counts its FLOP.</summary>
[MemoryDiagnoser]
[ShortRunJob]
public class ClockBenchmarks
{
    private readonly LateChip[] _late = [.. Enumerable.Range(0, 144).Select(rank => new LateChip(rank, 1, 0.5))];
    private readonly float[] _operand = new float[48 * 32];
    private readonly float[] _product = new float[48 * 48];
    private RunClock _clock = null!;

    [GlobalSetup]
    public void SetUp()
    {
        Workload work = Workload.OfExecuted(Presets.GptNano with { Vocabulary = 65 });
        _clock = new RunClock(ExecutedStep.Of(Machine.Of(Catalogue.BuiltIn, "trn3-gen2", 1), PrecisionRecipe.Of("fp32"), work, work.Parameters, 144, 144));
    }

    [Benchmark]
    public double Step() => _clock.Step([]).Seconds;

    [Benchmark]
    public double StepInWhichAllAreLate() => _clock.Step(_late).Seconds;

    [Benchmark]
    public void SmallProduct() => MatrixProduct.NT(_operand, _operand, _product, 48, 48, 32);
}
