using BenchmarkDotNet.Attributes;
using TrnOrleans.Models.Architectures;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Training;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Benchmarks;

/// <summary>Forward, backward and AdamW of one chip with the whole batch, without grains around it, in each number format.</summary>
[MemoryDiagnoser]
public class TrainingStepBenchmarks : IDisposable
{
    private ComputeEngine _engine = new(1);
    private Network? _network;
    private AlignedBuffer _weights = new(0);
    private AlignedBuffer _gradient = new(0);
    private AlignedBuffer[] _states = [];
    private Pass? _pass;
    private PackedWeights? _packed;
    private ShardOptimizer? _optimizer;
    private int _batch;
    private long _step;

    [Params(1, 2)]
    public int Threads { get; set; }

    [Params("gpt-nano", "gpt-mini")]
    public string Preset { get; set; } = "gpt-nano";

    [Params("fp32", "bf16", "bf16SR", "mixed_precision", "mxfp8", "mxfp4")]
    public string Precision { get; set; } = "fp32";

    [GlobalSetup]
    public void Setup()
    {
        _engine = new ComputeEngine(Threads);
        _network = NetworkFactory.Create(Presets.All[Preset] with { Vocabulary = 65 }, PrecisionRecipes.Resolve(new PrecisionSpec { Recipe = Precision }));
        _batch = Preset == "gpt-nano" ? 12 : 8;
        long length = _network.Layout.Length;
        (_weights, _gradient, _states) = (new AlignedBuffer(length), new AlignedBuffer(length), [new AlignedBuffer(length), new AlignedBuffer(length)]);
        _network.Initialize(_weights, 1);
        _pass = _network.CreateTrainingPass(_batch);

        // As a replica has it: one chip keeps FP32 weights as they are, and others in their formats.
        _packed = _network.Precision.IsQuantized ? new PackedWeights(_network) : null;
        for (int i = 0; i < _pass.Inputs.Tokens.Length; i++)
        {
            (_pass.Inputs.Tokens[i], _pass.Inputs.Targets[i]) = (i * 7 % 65, i * 11 % 65);
        }

        _optimizer = new ShardOptimizer(new OptimizerSpec { WeightDecay = 0.1 }, _network, 0, length);
    }

    [Benchmark]
    public Task Step() => _engine.RunAsync(() =>
    {
        _pass!.Train(_weights, _gradient, _batch, 1f / (_batch * _network!.Description.Context), 1, (uint)_step, 0, _packed);
        _packed?.Invalidate();
        _optimizer!.Apply(_weights, _gradient, _states, _step++, 1e-4, 1);
    });

    public void Dispose()
    {
        _engine.Dispose();
        _pass?.Dispose();
        _packed?.Dispose();
        _weights.Dispose();
        _gradient.Dispose();
        foreach (AlignedBuffer state in _states)
        {
            state.Dispose();
        }

        GC.SuppressFinalize(this);
    }
}
