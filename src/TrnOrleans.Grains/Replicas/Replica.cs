using System.IO.Hashing;
using System.Runtime.InteropServices;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Training;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Grains.Replicas;

/// <summary>
/// The memory of one UltraServer on its silo: weights that all its chips read in place, optimizer state, gradient buffers, activations.
/// Chips own slices of it. What is computed on it is here; who computes what and when is the grains' business.
/// </summary>
public sealed class Replica : IDisposable
{
    // Enough samples to keep the kernels busy, few enough that activations stay small beside the weights.
    private const int EvaluationSamples = 16;

    private readonly RunInputs _inputs;
    private readonly BatchPlan _plan;
    private readonly LearningRateSchedule _schedule;
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer[] _states;
    private readonly PassPool _training;
    private readonly PassPool _evaluation;
    private readonly PackedWeights? _packed;
    private readonly MemoryLease _memory;

    /// <summary>Allocates and fills the replica; call on a compute thread.</summary>
    /// <param name="inputs">Spec, data and network.</param>
    /// <param name="threads">Compute threads of the silo.</param>
    /// <exception cref="InvalidWeightsException">the weights to start from do not fit.</exception>
    public Replica(RunInputs inputs, int threads)
    {
        _inputs = inputs;
        _memory = new MemoryLease(Free);
        RunSpec spec = inputs.Spec;
        Network network = inputs.Network;
        long length = network.Layout.Length;
        MemoryNeed.Check(inputs, threads);
        SamplesPerChip = spec.Training.Batch / spec.Cluster.TotalChips;
        _plan = new BatchPlan(spec.Data.Order, spec.Training.Seed, spec.Training.Batch);
        _schedule = spec.Training.ToSchedule();
        _weights = new AlignedBuffer(length);
        _states = [.. Enumerable.Range(0, spec.Optimizer.StateCount).Select(_ => new AlignedBuffer(length))];
        Gradients = new BufferPool(BufferPool.CountFor(spec.Cluster.Chips, threads), length);
        _packed = SharesPackedWeights(spec) ? new PackedWeights(network) : null;
        _training = new PassPool(() => network.CreateTrainingPass(SamplesPerChip));
        _evaluation = new PassPool(() => network.CreateInferencePass(EvaluationSamples));
        Fill();
    }

    /// <summary>Buffers for gradients on their way.</summary>
    public BufferPool Gradients { get; }

    /// <summary>The spec of the run.</summary>
    public RunSpec Spec => _inputs.Spec;

    /// <summary>Samples of a micro-batch.</summary>
    public int SamplesPerChip { get; }

    /// <summary>Floats of the flat weights.</summary>
    public long Length => _weights.Length;

    /// <summary>Samples that a validation reads.</summary>
    public long ValidationSamples => _inputs.Dataset.ValidationSamples(Spec.Model);

    /// <summary>Rows of the global batch.</summary>
    public long RowsPerStep => (long)Spec.Training.Batch * Spec.Model.RowsPerSample;

    /// <summary>The optimizer of a chip's shard.</summary>
    public ShardOptimizer CreateOptimizer(int chip)
    {
        (long start, long length) = _inputs.Network.Layout.Shard(chip, Spec.Cluster.Chips);
        return new ShardOptimizer(Spec.Optimizer, _inputs.Network.Layout, start, length);
    }

    /// <summary>Forward and backward of one chip's micro-batch; the gradient is of the global mean loss.</summary>
    /// <param name="step">The step.</param>
    /// <param name="rank">Index of the chip among all chips of the run.</param>
    /// <param name="buffer">Number of the buffer that receives the gradient.</param>
    /// <returns>Sum of the losses of the chip's rows.</returns>
    public double ComputeGradient(long step, int rank, int buffer) => _memory.Use(() => _training.Use(pass =>
    {
        int first = rank * SamplesPerChip;
        _inputs.Dataset.FillBatch(_plan, step, first, SamplesPerChip, pass.Inputs);
        return pass.Train(
            _weights, Gradients[buffer], SamplesPerChip, 1f / RowsPerStep, Spec.Training.Seed, (uint)step, (long)first * Spec.Model.RowsPerSample,
            _packed);
    }));

    /// <summary>Adds one gradient into another.</summary>
    public void Fold(int into, int from) => Run(() => VectorSum.AddInto(Gradients[into].Span(), Gradients[from].Span()));

    /// <summary>The norm of a whole gradient.</summary>
    public double GradientNorm(int buffer) => _memory.Use(() => GlobalNorm.Compute(Gradients[buffer].Span()));

    /// <summary>Works on the replica's memory, which stays until the work is done.</summary>
    public void Run(Action work) => _memory.Use(() =>
    {
        work();
        return true;
    });

    /// <summary>Updates a shard.</summary>
    public void Apply(ShardOptimizer optimizer, int buffer, long step, double learningRate, float gradientScale) =>
        Run(() =>
        {
            optimizer.Apply(_weights, Gradients[buffer], _states, step, learningRate, gradientScale);
            _packed?.Invalidate();
        });

    /// <summary>The learning rate of a step.</summary>
    public double LearningRate(long step) => _schedule.At(step);

    /// <summary>Losses of validation samples first … first + count − 1, in ascending order.</summary>
    public EvaluationPart Evaluate(long first, long count) => _memory.Use(() => _evaluation.Use(pass =>
    {
        EvaluationPart sum = default;
        for (long done = 0; done < count; done += EvaluationSamples)
        {
            int samples = (int)Math.Min(EvaluationSamples, count - done);
            _inputs.Dataset.FillValidation(first + done, samples, pass.Inputs);
            double loss = pass.Evaluate(_weights, samples);
            sum = sum.Add(new EvaluationPart(loss, pass.Rows, pass.Hits));
        }

        return sum;
    }));

    /// <summary>XXH128 of a chip's slice of weights and of each optimizer state.</summary>
    public ShardDigest Digest(int chip) => _memory.Use(() =>
    {
        (long start, long length) = _inputs.Network.Layout.Shard(chip, Spec.Cluster.Chips);
        XxHash128 hash = new();
        foreach (AlignedBuffer buffer in (ReadOnlySpan<AlignedBuffer>)[_weights, .. _states])
        {
            hash.Append(MemoryMarshal.AsBytes(buffer.Span(start, checked((int)length))));
        }

        UInt128 value = hash.GetCurrentHashAsUInt128();
        return new ShardDigest((ulong)(value >> 64), (ulong)value);
    });

    /// <summary>A copy of some weights.</summary>
    public TensorBlock ReadWeights(long offset, int length) => _memory.Use(() => new TensorBlock(_weights.Span(offset, length).ToArray()));

    /// <summary>One chip would pack every weight once a step with or without a place to keep it.</summary>
    internal static bool SharesPackedWeights(RunSpec spec) => spec.Cluster.Chips > 1;

    /// <summary>Gives the memory back as soon as nothing computes on it.</summary>
    public void Dispose() => _memory.Close();

    private void Free()
    {
        _training.Dispose();
        _evaluation.Dispose();
        Gradients.Dispose();
        _packed?.Dispose();
        _weights.Dispose();
        foreach (AlignedBuffer state in _states)
        {
            state.Dispose();
        }
    }

    private void Fill()
    {
        if (Spec.Init is { } init)
        {
            using SafetensorsReader reader = new(init.Path);
            WeightFile.Load(reader, init.Path, _inputs.Network, _weights);
        }
        else
        {
            _inputs.Network.Initialize(_weights, Spec.Training.Seed);
        }
    }
}
