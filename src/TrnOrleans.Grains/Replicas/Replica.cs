using System.Collections.Concurrent;
using TrnOrleans.Grains.Checkpoints;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Specs;
using TrnOrleans.Grains.Verification;
using TrnOrleans.Models.Data;
using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Text;
using TrnOrleans.Models.Training;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Grains.Replicas;

/// <summary>
/// The memory of one UltraServer on its silo: weights that all its chips read in place, optimizer state, gradient buffers, activations.
/// Chips own slices of it. What is computed on it is here; who computes what and when is the grains' business.
/// </summary>
public sealed class Replica : IReductionMemory, IDisposable
{
    // Enough samples to keep the kernels busy, few enough that activations stay small beside the weights.
    internal const int EvaluationSamples = 16;

    private readonly RunInputs _inputs;
    private readonly BatchPlan _plan;
    private readonly LearningRateSchedule _schedule;
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer[] _states;
    private readonly AlignedBuffer[] _parts;
    private readonly PassPool _training;
    private readonly PassPool _evaluation;
    private readonly PackedWeights? _packed;
    private readonly MemoryLease _memory;
    private readonly WorkFence _work = new();
    private readonly ConcurrentDictionary<int, long> _flips = new();
    private BucketLayout? _buckets;
    private Worker? _worker;
    private long _steps;
    private long _flops;
    private long _gatheredBytes;

    /// <summary>Allocates and fills the replica; call on a compute thread.</summary>
    /// <param name="inputs">Spec, data and network.</param>
    /// <param name="ultraServer">Whose it is.</param>
    /// <param name="threads">Compute threads of the silo.</param>
    /// <param name="neighbours">Replicas of the run that will be on this silo, this one among them.</param>
    /// <param name="snapshots">Whether one of them is copied for checkpoints.</param>
    /// <param name="fill">Whether to make the weights of step 0; else they are copied from another replica.</param>
    /// <exception cref="InvalidWeightsException">the weights to start from do not fit.</exception>
    public Replica(RunInputs inputs, int ultraServer, int threads, int neighbours, bool snapshots, bool fill)
    {
        (_inputs, UltraServer) = (inputs, ultraServer);
        _memory = new MemoryLease(Free);
        RunSpec spec = inputs.Spec;
        Network network = inputs.Network;
        long length = network.Layout.Length;
        MemoryNeed.Check(inputs, threads, neighbours, snapshots);
        SamplesPerChip = spec.Training.Batch / spec.Cluster.TotalChips;
        _plan = new BatchPlan(spec.Data.Order, spec.Training.Seed, spec.Training.Batch);
        _schedule = spec.Training.ToSchedule();
        _weights = new AlignedBuffer(length);
        _states = [.. Enumerable.Range(0, spec.Optimizer.StateCount).Select(_ => new AlignedBuffer(length))];
        _parts = [_weights, .. _states];
        Gradients = new BufferPool(BufferPool.CountFor(spec.Cluster.Chips, threads), length);
        _packed = SharesPackedWeights(inputs) ? new PackedWeights(network) : null;
        _training = new PassPool(() => network.CreateTrainingPass(SamplesPerChip));
        _evaluation = new PassPool(() => network.CreateInferencePass(EvaluationSamples));
        if (fill)
        {
            Fill();
        }
    }

    /// <summary>Index of the UltraServer that it belongs to.</summary>
    public int UltraServer { get; }

    /// <summary>Committed steps in it: the next one to compute. −1 while it is copied or updated: then it is not whole.</summary>
    public long Steps
    {
        get => Interlocked.Read(ref _steps);
        set => Interlocked.Exchange(ref _steps, value);
    }

    /// <summary>Wall time of the longest computation of all chips' gradients so far, in which none was asked twice; zero before the first.</summary>
    public TimeSpan LongestComputation { get; set; }

    /// <summary>What it has committed.</summary>
    public CommitLog Commits { get; } = new();

    /// <summary>Chips that are behind in modelled time.</summary>
    public ChipDelays Delays { get; } = new();

    /// <summary>What its chips and its switch have done in its generation; of steps and of other UltraServers it knows nothing.</summary>
    public WorkCount Counted => new(0, Interlocked.Read(ref _flops), Interlocked.Read(ref _gatheredBytes) + (Reduction?.FoldedBytes ?? 0), 0);

    /// <summary>The generation that works with it.</summary>
    public int Generation { get; private set; }

    /// <summary>The all-reduce over UltraServers, as this silo takes part in it.</summary>
    public ScaleOutExchange? Exchange { get; private set; }

    /// <summary>The sum over this UltraServer's chips.</summary>
    public ChipReduction? Reduction { get; private set; }

    /// <summary>Buffers for gradients on their way.</summary>
    public BufferPool Gradients { get; }

    /// <summary>Number formats of the run.</summary>
    public NetworkPrecision Precision => _inputs.Network.Precision;

    /// <summary>Whether losses are scaled, so that a gradient that overflows costs its step and not the run.</summary>
    public bool ScalesLoss => Precision.LossScaling != LossScalingKind.None;

    /// <summary>How losses are scaled, as the last step left it.</summary>
    public LossScaler ReadLossScaler() => _memory.Use(() => Scaler);

    /// <summary>The same, for who has a hold on the memory.</summary>
    private LossScaler Scaler => LossScaler.Of(Precision, _inputs.Network.Scalars is { } scalars ? _weights.Span(scalars, LossScaler.Length) : default);

    /// <summary>The spec of the run.</summary>
    public RunSpec Spec => _inputs.Spec;

    /// <summary>The characters of a text, or null.</summary>
    public CharacterVocabulary? Vocabulary => _inputs.Dataset.Vocabulary;

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
        (long start, long length) = Shard(chip);
        return new ShardOptimizer(Spec.Optimizer, _inputs.Network, start, length, Spec.Training.Seed);
    }

    /// <summary>Takes its place in a generation: gradients are summed over the chips, and go on to the other replicas.</summary>
    internal void Join(PrepareOrder order, SiloCollective collective)
    {
        (ScaleOutExchange exchange, BucketLayout buckets) = (collective.Exchange, collective.Buckets);
        (Generation, Exchange, _buckets) = (order.Generation, exchange, buckets);
        _flips.Clear();
        (_flops, _gatheredBytes) = (0, 0);

        _work.Open(order.Generation);

        // What an earlier generation had out when it was broken off.
        Gradients.Reclaim();
        _packed?.Invalidate();
        exchange.Join(order.UltraServer, this);
        Reduction = new ChipReduction(
            Spec.Cluster.Chips, buckets, this, collective.Wire, bucket => exchange.Arrive(order.UltraServer, bucket, Reduction!.RootBuffer));
    }

    /// <summary>Who works with it from now on, and how to make them stop: the task ends when their loop has ended.</summary>
    public void WorkedOnBy(int generation, Func<Task> halt) => Volatile.Write(ref _worker, new Worker(generation, halt));

    /// <summary>
    /// Makes whoever works with it in a generation below the given one stop, at a step's boundary or in its middle; an update that has begun
    /// is finished. Who comes late, and meets the generation that has taken over already, leaves it alone.
    /// </summary>
    public async Task Halt(int below)
    {
        if (Volatile.Read(ref _worker) is { } worker && worker.Generation < below)
        {
            await worker.Halt().ConfigureAwait(false);
        }

        // The loop has ended; kernels that it has left behind have not.
        await _work.ShutAsync(below).ConfigureAwait(false);
    }

    /// <summary>Forward and backward of one chip's micro-batch; the gradient, of the global mean loss, goes to the switch as it becomes final.</summary>
    /// <param name="generation">Of the chip.</param>
    /// <param name="step">The step.</param>
    /// <param name="chip">Index of the chip in this UltraServer.</param>
    /// <param name="rank">Index of the chip among all chips of the run.</param>
    /// <param name="buffer">Number of the buffer that receives the gradient.</param>
    /// <param name="isHashed">Whether another chip may want to compare.</param>
    /// <param name="isWatched">Whether to say what formats do to its operands.</param>
    /// <exception cref="StaleMessageException">the generation is over, the switch is not in this step, or has this chip's gradient.</exception>
    public GradientReport ComputeGradient(int generation, long step, int chip, int rank, int buffer, bool isHashed, bool isWatched = false) => Work(generation, () => _training.Use(pass =>
    {
        IGradientProgress port = Reduction!.Enter(step, chip, buffer);
        GradientHash? hash = isHashed ? new GradientHash(_buckets!, Gradients[buffer], port) : null;
        using NumericsProbe? probe = isWatched ? new NumericsProbe() : null;
        double loss = Train(pass, step, rank, buffer, Flipped(chip, buffer, hash ?? port), probe);

        // Of the weights it has read its own shard where it lies, and all others from other chips.
        Interlocked.Add(ref _gatheredBytes, (Length - Shard(chip).Length) * Precision.GatherBytes);
        return new GradientReport(loss, hash?.Value ?? default, probe is null ? null : [.. probe.Seen.Select(TensorNumerics.Of)]);
    }));

    /// <summary>The same work by another chip, to compare: nobody folds what it leaves in its buffer.</summary>
    /// <param name="generation">Of the chip.</param>
    /// <param name="step">The step.</param>
    /// <param name="witness">Index of the chip that computes.</param>
    /// <param name="rank">Index of the chip whose micro-batch it is, among all chips of the run.</param>
    /// <param name="buffer">Number of the buffer that receives the gradient.</param>
    /// <exception cref="StaleMessageException">the generation is over.</exception>
    public GradientReport Recompute(int generation, long step, int witness, int rank, int buffer) => Work(generation, () => _training.Use(pass =>
    {
        GradientHash hash = new(_buckets!, Gradients[buffer], null);
        double loss = Train(pass, step, rank, buffer, Flipped(witness, buffer, hash));
        return new GradientReport(loss, hash.Value);
    }));

    /// <summary>The norm of the gradient that the all-reduce left on this silo.</summary>
    public double GradientNorm() => UseResult(gradient => GlobalNorm.Compute(gradient.Span()));

    /// <inheritdoc/>
    public AlignedBuffer Gradient(int buffer) => Gradients[buffer];

    /// <inheritdoc/>
    public void Enter() => _memory.Enter();

    /// <inheritdoc/>
    public void Leave() => _memory.Leave();

    /// <inheritdoc/>
    public void Return(int buffer) => Gradients.Return(buffer);

    /// <summary>Updates a shard with the gradient that the all-reduce left on this silo.</summary>
    /// <param name="generation">Of the chip.</param>
    /// <param name="chip">Whose shard.</param>
    /// <param name="optimizer">Of the shard.</param>
    /// <param name="step">The step.</param>
    /// <param name="learningRate">Of the step.</param>
    /// <param name="gradientScale">From clipping and scaling; NaN for a step whose gradient has overflowed, which is no update.</param>
    /// <exception cref="StaleMessageException">the generation is over.</exception>
    public void Apply(int generation, int chip, ShardOptimizer optimizer, long step, double learningRate, float gradientScale) => Work(generation, () => UseResult(gradient =>
    {
        LossScaler scaler = Scaler;
        bool isSkipped = float.IsNaN(gradientScale);
        if (!isSkipped)
        {
            optimizer.Apply(_weights, gradient, _states, step, learningRate, gradientScale, scaler.Skipped);
        }

        // Also where the weights stay: the dice by which they are rounded are those of the next step.
        _packed?.Invalidate();

        (long first, long length) = Shard(chip);
        if (_inputs.Network.Scalars is { } scalars && scalars >= first && scalars < first + length)
        {
            scaler.After(Precision, isSkipped).Store(_weights.Span(scalars, LossScaler.Length));
        }

        return true;
    }));

    /// <summary>The learning rate of a step.</summary>
    public double LearningRate(long step) => _schedule.At(step);

    /// <summary>Losses of validation samples first … first + count − 1, in ascending order.</summary>
    /// <exception cref="StaleMessageException">the generation is over.</exception>
    public EvaluationPart Evaluate(int generation, long first, long count) => Work(generation, () => _evaluation.Use(pass =>
    {
        EvaluationPart sum = default;
        for (long done = 0; done < count; done += EvaluationSamples)
        {
            int samples = (int)Math.Min(EvaluationSamples, count - done);
            _inputs.Dataset.FillValidation(first + done, samples, pass.Inputs);
            double loss = pass.Evaluate(_weights, samples, Spec.Training.Seed, (uint)Steps, _packed);
            sum = sum.Add(new EvaluationPart(loss, pass.Rows, pass.Hits));
        }

        return sum;
    }));

    /// <summary>XXH128 of a chip's slice of weights and of each optimizer state.</summary>
    public ShardDigest Digest(int chip) => _memory.Use(() =>
    {
        (long start, long length) = Shard(chip);
        return ReplicaDigest.OfShard(_parts, start, length);
    });

    /// <summary>Parts of the replica: the weights and each optimizer state, all of the same length.</summary>
    public int Parts => _parts.Length;

    /// <summary>A copy of some floats of a part.</summary>
    /// <param name="part">0 for the weights, then the optimizer states.</param>
    /// <param name="offset">First float.</param>
    /// <param name="length">Floats.</param>
    public TensorBlock Read(int part, long offset, int length) => _memory.Use(() => new TensorBlock(_parts[part].Span(offset, length)));

    /// <summary>Overwrites some floats of a part, with those of another replica.</summary>
    public void Write(int part, long offset, TensorBlock values) => _memory.Use(() =>
    {
        values.Span.CopyTo(_parts[part].Span(offset, values.Length));
        _packed?.Invalidate();
        return true;
    });

    /// <summary>A chip's slice of every part.</summary>
    public (long First, long Length) Shard(int chip) => _inputs.Network.Layout.Shard(chip, Spec.Cluster.Chips);

    /// <summary>Copies a chip's slice of all parts.</summary>
    /// <exception cref="StaleMessageException">the generation is over.</exception>
    public void CopyTo(CheckpointSnapshot snapshot, int generation, int chip) => Hold(generation, () =>
    {
        (long first, long length) = Shard(chip);
        for (int part = 0; part < _parts.Length; part++)
        {
            _parts[part].Span(first, checked((int)length)).CopyTo(snapshot.Parts[part].Span(first, checked((int)length)));
        }
    });

    /// <summary>One chip would pack every weight once a step with or without a place to keep it; but not into another format.</summary>
    internal static bool SharesPackedWeights(RunInputs inputs) => inputs.Spec.Cluster.Chips > 1 || inputs.Network.Precision.IsQuantized;

    /// <summary>A chip's memory is gone: its shard holds nothing of use, and the replica is not whole any more.</summary>
    public void LoseShard(int chip)
    {
        Steps = -1;
        (long start, long length) = Shard(chip);
        _memory.Use(() =>
        {
            foreach (AlignedBuffer buffer in _parts)
            {
                buffer.Span(start, checked((int)length)).Fill(float.NaN);
            }

            return true;
        });
    }

    /// <summary>Gives the memory back as soon as nothing computes on it.</summary>
    public void Dispose() => _memory.Close();

    /// <summary>The next kernel step of a chip gets one bit of its gradient wrong.</summary>
    /// <param name="chip">Index of the chip.</param>
    /// <param name="bit">Which bit, counted over the flat gradient.</param>
    public void FlipGradient(int chip, long bit) => _flips[chip] = bit;

    /// <summary>A bit of a chip's memory changes.</summary>
    /// <param name="chip">Index of the chip.</param>
    /// <param name="choice">Decides which one, of its slice of all parts.</param>
    public void FlipShard(int chip, ulong choice) => _memory.Use(() =>
    {
        (long first, long length) = Shard(chip);
        if (length > 0)
        {
            AlignedBuffer part = _parts[(int)(choice % (ulong)_parts.Length)];
            long bit = (long)(choice / (ulong)_parts.Length % (ulong)(32 * length));
            FlippedGradient.Flip(ref part.Span(first + (bit / 32), 1)[0], bit);
        }

        return true;
    });

    private IGradientProgress Flipped(int chip, int buffer, IGradientProgress next) =>
        _flips.TryRemove(chip, out long bit) ? new FlippedGradient(Gradients[buffer], bit, next) : next;

    private double Train(Pass pass, long step, int rank, int buffer, IGradientProgress progress, NumericsProbe? probe = null)
    {
        int first = rank * SamplesPerChip;
        _inputs.Dataset.FillBatch(_plan, step, first, SamplesPerChip, pass.Inputs);
        double loss = pass.Train(
            _weights, Gradients[buffer], SamplesPerChip, Scaler.Scale / RowsPerStep, Spec.Training.Seed, (uint)step, (long)first * Spec.Model.RowsPerSample,
            _packed, progress, probe);
        Interlocked.Add(ref _flops, pass.Flops);
        return loss;
    }

    /// <summary>Works as a kernel of a generation does: the replica stays until it is done.</summary>
    /// <exception cref="StaleMessageException">the generation is over.</exception>
    internal void Hold(int generation, Action work) => Work(generation, () =>
    {
        work();
        return true;
    });

    private TResult Work<TResult>(int generation, Func<TResult> work)
    {
        _work.Enter(generation);
        try
        {
            return _memory.Use(work);
        }
        finally
        {
            _work.Leave();
        }
    }

    private TResult UseResult<TResult>(Func<AlignedBuffer, TResult> work)
    {
        (IReductionMemory memory, AlignedBuffer gradient) = Exchange!.Result;
        using MemoryHold stays = new(memory);
        return work(gradient);
    }

    private void Free()
    {
        _training.Dispose();
        _evaluation.Dispose();
        Gradients.Dispose();
        _packed?.Dispose();
        Array.ForEach(_parts, part => part.Dispose());
    }

    private void Fill()
    {
        if (Spec.Init is { } init)
        {
            using SafetensorsReader reader = new(_inputs.InitPath!);
            WeightFile.Load(reader, init.Path, _inputs.Network, _weights);
        }
        else
        {
            _inputs.Network.Initialize(_weights, Spec.Training.Seed);
        }

        FormatRounding.Round(_weights.Span(), _weights.Span(), Precision.StoredWeights, saturate: false);
        if (_inputs.Network.Scalars is { } scalars)
        {
            LossScaler.First(Precision).Store(_weights.Span(scalars, LossScaler.Length));
        }
    }

    private sealed record Worker(int Generation, Func<Task> Halt);
}
