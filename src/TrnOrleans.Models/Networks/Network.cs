using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Operations;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Weights;
using TrnOrleans.Numerics.Losses;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Models.Networks;

/// <summary>
/// A description made executable: its operations in order, where its parameters lie, and where its activations live. Immutable and
/// shared; a <see cref="Pass"/> holds what changes.
/// </summary>
public sealed class Network
{
    private readonly Operation[] _operations;
    private readonly Tensor[] _tensors;
    private readonly long[] _finalFrom;

    internal Network(NetworkDescription description, NetworkBuilder builder, Tensor logits, NetworkPrecision precision)
    {
        Description = description;
        Precision = precision;
        if (precision.LossScaling != LossScalingKind.None)
        {
            Scalars = builder.Layout.Reserve();
        }

        Layout = builder.Layout;
        Bindings = builder.Bindings;
        Logits = logits;
        _operations = [.. builder.Operations];
        _tensors = [.. builder.Tensors];
        CheckFusedActivations();
        _finalFrom = FinalFrom(_operations, Layout);
        Features = _operations.OfType<InputOperation>().SingleOrDefault()?.Output;
        foreach ((int index, LinearOperation linear) in PackedOperations.Index())
        {
            linear.SetFormats(precision.CastsOf(StaysBf16(linear)), index);
        }
    }

    /// <summary>What it was made from.</summary>
    public NetworkDescription Description { get; }

    /// <summary>The formats that it computes in.</summary>
    public NetworkPrecision Precision { get; }

    /// <summary>Offset in the flat weights of a few floats that are no weights, but belong to a replica's state as these do; null where nothing needs them.</summary>
    public long? Scalars { get; }

    /// <summary>Where the parameters lie.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>Names and shapes of the parameters in a weight file.</summary>
    public IReadOnlyList<TensorBinding> Bindings { get; }

    /// <summary>The operations in forward order.</summary>
    public IReadOnlyList<Operation> Operations => _operations;

    /// <summary>The tensor that is the sample buffer's features, of an mlp; else null.</summary>
    internal Tensor? Features { get; }

    /// <summary>Operations whose weights are worth packing once for all passes of a step.</summary>
    internal IEnumerable<LinearOperation> PackedOperations => _operations.OfType<LinearOperation>();

    /// <summary>The scores of each class, before softmax.</summary>
    internal Tensor Logits { get; }

    /// <summary>Memory for forward and backward of up to <paramref name="samples"/> samples.</summary>
    public Pass CreateTrainingPass(int samples) => CreatePass(samples, training: true);

    /// <summary>Memory for forward only: a few tensors, whatever the depth.</summary>
    public Pass CreateInferencePass(int samples) => CreatePass(samples, training: false);

    /// <summary>Bytes of activations that a pass over one sample needs.</summary>
    public long BytesPerSample(bool training) => ((long)Plan(training).Width + (Features?.Width ?? 0)) * Description.RowsPerSample * sizeof(float);

    /// <summary>Bytes that a compute thread needs for operands in their formats, while it leads a pass over so many samples.</summary>
    public long OperandBytes(int samples)
    {
        long rows = (long)samples * Description.RowsPerSample;
        LinearOperation[] cast = [.. PackedOperations.Where(o => Precision.IsQuantized)];
        long left = cast.Select(o => rows * Math.Max(o.Weight.Rows, o.Weight.Columns)).DefaultIfEmpty().Max();
        long right = cast.Select(o => Math.Max(rows, o.Weight.Rows) * o.Weight.Columns).DefaultIfEmpty().Max();
        return (left + right) * sizeof(float);
    }

    /// <summary>Fresh weights: normal or constant per parameter, a pure function of the seed.</summary>
    /// <param name="weights">Layout.Length floats; overwritten.</param>
    /// <param name="seed">Of the run.</param>
    public void Initialize(AlignedBuffer weights, ulong seed)
    {
        for (int index = 0; index < Layout.Parameters.Count; index++)
        {
            Parameter parameter = Layout.Parameters[index];
            Span<float> values = weights.Span(parameter.Offset, parameter.Length);
            values.Fill(parameter.Mean);
            if (parameter.Deviation == 0)
            {
                continue;
            }

            // A network may have more parameters than streams: the parameter's number goes into the index as well.
            CounterRandom random = new(seed, RandomUse.Initialization, (ushort)index, (uint)(index >> 16));
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = parameter.Mean + (float)(parameter.Deviation * random.Normal((ulong)i));
            }
        }
    }

    internal void Forward(Pass pass, bool loss)
    {
        foreach (Operation operation in _operations)
        {
            operation.Forward(pass);
        }

        if (loss)
        {
            pass.Hits = SoftmaxCrossEntropy.Compute(
                pass.Value(Logits), pass.Inputs.Targets.AsSpan(0, pass.Rows), pass.Losses.AsSpan(0, pass.Rows), Logits.Width, pass.LossScale, pass.Training);
        }
    }

    internal void Backward(Pass pass)
    {
        for (int i = _operations.Length - 1; i >= 0; i--)
        {
            _operations[i].Backward(pass);
            pass.Progress?.FinalFrom(_finalFrom[i]);
        }
    }

    /// <summary>
    /// For each operation, the offset from which on the flat gradient changes no more once that operation has run backward: behind it lie
    /// only parameters that no earlier operation has.
    /// </summary>
    private static long[] FinalFrom(Operation[] operations, ParameterLayout layout)
    {
        Dictionary<Parameter, int> lastToWrite = [];
        for (int i = operations.Length - 1; i >= 0; i--)
        {
            foreach (Parameter parameter in operations[i].Trained)
            {
                lastToWrite[parameter] = i;
            }
        }

        long[] from = new long[operations.Length];
        int next = layout.Parameters.Count - 1;
        for (int i = operations.Length - 1; i >= 0; i--)
        {
            while (next >= 0 && lastToWrite.GetValueOrDefault(layout.Parameters[next], -1) >= i)
            {
                next--;
            }

            from[i] = next < 0 ? 0 : layout.Parameters[next].Offset + layout.Parameters[next].Length;
        }

        return next < 0 ? from : throw new InvalidOperationException($"no operation writes the gradient of {layout.Parameters[next].Name}");
    }

    /// <summary>A second reader of activated values would write another gradient than the first into the same place.</summary>
    private void CheckFusedActivations()
    {
        foreach (FusedActivation activation in _operations.OfType<LinearOperation>().Select(o => o.Activation).OfType<FusedActivation>())
        {
            if (_operations.Where(o => o.Inputs.Contains(activation.After)).ToArray() is not [LinearOperation reader] || reader.InputActivation != activation)
            {
                throw new InvalidOperationException($"{activation.After.Name} must be read by one linear layer, which knows its activation");
            }
        }
    }

    private bool StaysBf16(LinearOperation linear)
    {
        bool IsOf(int block) => linear.Name == $"layers.{block}" || linear.Name.StartsWith($"layers.{block}.", StringComparison.Ordinal);
        int last = Description.Family == NetworkFamily.Mlp ? Description.Sizes.Count - 2 : Description.Layers - 1;
        return Precision.Bf16Layers != Bf16Layers.None && (linear.Output == Logits || (Precision.Bf16Layers == Bf16Layers.Ends && (IsOf(0) || IsOf(last))));
    }

    private Pass CreatePass(int samples, bool training)
    {
        MemoryPlan plan = Plan(training);
        int[] values = plan.Offsets[.._tensors.Length];
        int[] gradients = [.. _tensors.Select(t => plan.Offsets[LifetimeAnalysis.GradientSlot(t, Logits, _tensors.Length)])];
        return new Pass(this, samples, values, gradients, plan.Width);
    }

    private MemoryPlan Plan(bool training)
    {
        Lifetime[] lifetimes = LifetimeAnalysis.Compute(_operations, _tensors, Logits, training);
        if (Features is not null)
        {
            // Has memory already.
            lifetimes[Features.Index] = default;
        }

        return new MemoryPlan(lifetimes);
    }
}
