using TrnOrleans.Models.Operations;
using TrnOrleans.Models.Precision;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Models.Networks;

/// <summary>
/// One micro-batch on its way through a network: the memory of its activations, the weights it reads in place, the gradient it writes.
/// Reused from step to step; one thread leads it at a time.
/// </summary>
public sealed unsafe class Pass : IDisposable
{
    private readonly Network _network;
    private readonly int[] _valueOffsets;
    private readonly int[] _gradientOffsets;
    private readonly int _capacity;
    private readonly AlignedBuffer _arena;
    private AlignedBuffer? _weights;
    private AlignedBuffer? _gradient;
    private PackedWeights? _packed;

    internal Pass(Network network, int samples, int[] values, int[] gradients, int width)
    {
        _network = network;
        _capacity = samples;
        _valueOffsets = values;
        _gradientOffsets = gradients;
        int rows = checked(samples * network.Description.RowsPerSample);
        _arena = new AlignedBuffer((long)rows * width);
        Inputs = new SampleBuffer(network.Description, samples);
        Losses = new float[rows];
    }

    /// <summary>The samples; fill before Forward.</summary>
    public SampleBuffer Inputs { get; }

    /// <summary>Loss of each row in nats, after Forward with targets.</summary>
    public float[] Losses { get; }

    /// <summary>Samples in this pass.</summary>
    public int Samples { get; private set; }

    /// <summary>Rows of a sample in this pass: the context, or less of it when inferring.</summary>
    public int RowsPerSample { get; private set; }

    /// <summary>Rows in this pass.</summary>
    public int Rows => Samples * RowsPerSample;

    /// <summary>Rows whose target had the largest logit, after Forward with targets.</summary>
    public int Hits { get; internal set; }

    /// <summary>Bytes of activations.</summary>
    public long Bytes => _arena.Length * sizeof(float);

    /// <summary>FLOP that the matrix products of the last Train did.</summary>
    public long Flops { get; private set; }

    /// <summary>Whether gradients are wanted and dropout drops.</summary>
    internal bool Training { get; private set; }

    /// <summary>Factor of every gradient: 1 / rows of the global batch.</summary>
    internal float LossScale { get; private set; }

    /// <summary>First row of this micro-batch in the global batch.</summary>
    internal long FirstRow { get; private set; }

    internal ulong Seed { get; private set; }

    internal uint Step { get; private set; }

    /// <summary>Told which part of the gradient is final, or null.</summary>
    internal IGradientProgress? Progress { get; private set; }

    /// <summary>Watches the operands, or null.</summary>
    internal NumericsProbe? Probe { get; private set; }

    /// <summary>Forward and backward: losses of each row, and the gradient of lossScale · Σ losses.</summary>
    /// <param name="weights">Flat weights, read in place.</param>
    /// <param name="gradient">Flat gradient, overwritten.</param>
    /// <param name="samples">At most the capacity.</param>
    /// <param name="lossScale">1 / rows of the global batch.</param>
    /// <param name="seed">Of the run, for dropout.</param>
    /// <param name="step">For dropout.</param>
    /// <param name="firstRow">First row of this micro-batch in the global batch, for dropout.</param>
    /// <param name="packed">The same weights packed, when several passes use them; never changes a result.</param>
    /// <param name="progress">Told, between operations, which part of the gradient is final; or null.</param>
    /// <param name="probe">Watches what formats do to operands, or null; changes nothing.</param>
    /// <returns>Sum of the losses, in double, rows in ascending order.</returns>
    public double Train(
        AlignedBuffer weights, AlignedBuffer gradient, int samples, float lossScale, ulong seed, uint step, long firstRow,
        PackedWeights? packed = null, IGradientProgress? progress = null, NumericsProbe? probe = null)
    {
        _packed = packed;
        Progress = progress;
        Probe = probe;
        _gradient = gradient;
        long before = KernelWork.Flops;
        (Training, LossScale, Seed, Step, FirstRow) = (true, lossScale, seed, step, firstRow);
        Begin(weights, samples, _network.Description.RowsPerSample);
        _network.Forward(this, loss: true);
        _network.Backward(this);
        Flops = KernelWork.Flops - before;
        Progress = null;
        Probe = null;
        _gradient = null;
        _packed = null;
        return SumOfLosses();
    }

    /// <summary>Forward only, with losses.</summary>
    /// <param name="weights">Flat weights, read in place.</param>
    /// <param name="samples">At most the capacity.</param>
    /// <param name="seed">Of the run, for weights that are rounded stochastically.</param>
    /// <param name="step">That is next, for the same.</param>
    /// <param name="packed">The same weights packed, when several passes use them.</param>
    /// <returns>Sum of the losses, in double, rows in ascending order.</returns>
    public double Evaluate(AlignedBuffer weights, int samples, ulong seed = 0, uint step = 0, PackedWeights? packed = null)
    {
        _packed = packed;
        (Training, Seed, Step) = (false, seed, step);
        Begin(weights, samples, _network.Description.RowsPerSample);
        _network.Forward(this, loss: true);
        _packed = null;
        return SumOfLosses();
    }

    /// <summary>Forward only, without targets, of one sample that may be shorter than the context.</summary>
    /// <param name="weights">Flat weights, read in place.</param>
    /// <param name="rows">Rows of the sample, from 1 to the context.</param>
    /// <returns>Logits, rows × classes; valid until the next call.</returns>
    public ReadOnlySpan<float> Infer(AlignedBuffer weights, int rows)
    {
        Training = false;
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, _network.Description.RowsPerSample);
        Begin(weights, 1, rows);
        _network.Forward(this, loss: false);
        return Value(_network.Logits);
    }

    public void Dispose() => _arena.Dispose();

    internal Span<float> Value(Tensor tensor) => tensor == _network.Features
        ? Inputs.Features.AsSpan(0, checked(Rows * tensor.Width))
        : Window(_valueOffsets[tensor.Index], tensor.Width);

    internal Span<float> Gradient(Tensor tensor) => Window(_gradientOffsets[tensor.Index], tensor.Width);

    internal ReadOnlySpan<float> Weight(Parameter parameter) => _weights!.Span(parameter.Offset, parameter.Length);

    internal ReadOnlySpan<float> PackedWeight(LinearOperation operation) => _packed is null ? default : _packed.Get(operation, _weights!, Seed, Step);

    internal ReadOnlySpan<float> BackwardWeight(LinearOperation operation) => _packed is null ? default : _packed.GetBackward(operation, _weights!, Seed, Step);

    internal Span<float> WeightGradient(Parameter parameter) => _gradient!.Span(parameter.Offset, parameter.Length);

    internal CounterRandom DropoutRandom(ushort layer) => new(Seed, RandomUse.Dropout, layer, Step);

    private void Begin(AlignedBuffer weights, int samples, int rowsPerSample)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(samples, _capacity);
        ArgumentOutOfRangeException.ThrowIfNotEqual(weights.Length, _network.Layout.Length);
        _weights = weights;
        Samples = samples;
        RowsPerSample = rowsPerSample;
        Hits = 0;
    }

    private double SumOfLosses()
    {
        double sum = 0;
        foreach (float loss in Losses.AsSpan(0, Rows))
        {
            sum += loss;
        }

        return sum;
    }

    private Span<float> Window(int offset, int width)
    {
        // Buffers start at multiples of the capacity's rows, so a pass with fewer rows uses the front of each.
        long rows = (long)_capacity * _network.Description.RowsPerSample;
        return _arena.Span(offset * rows, checked(Rows * width));
    }
}
