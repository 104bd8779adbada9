using TrnOrleans.Models.Networks;
using TrnOrleans.Models.Precision;
using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.MatrixProducts;

namespace TrnOrleans.Models.Operations;

/// <summary>
/// y = activation(x · Wᵀ + bias + residual); W is out × in. The residual's gradient is the output's, in the same memory; behind an
/// activation the output's gradient is that of the values before it.
/// </summary>
internal sealed class LinearOperation : Operation
{
    private readonly Tensor _input;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly Tensor? _residual;
    private readonly bool _inputHasGradient;
    private LinearCasts _casts = NetworkPrecision.Fp32.CastsOf(staysBf16: false);
    private int _index;

    internal LinearOperation(
        string name, Tensor input, Tensor output, Parameter weight, Parameter? bias, Tensor? residual = null, bool inputHasGradient = true,
        FusedActivation? activation = null, FusedActivation? inputActivation = null)
        : base(name)
    {
        (Activation, InputActivation) = (activation, inputActivation);
        _input = input;
        Output = output;
        _weight = weight;
        _bias = bias;
        _residual = residual;
        _inputHasGradient = inputHasGradient;
        residual?.ShareGradientWith(output);
    }

    internal override IReadOnlyList<Tensor> Inputs => _residual is null ? [_input] : [_input, _residual];

    internal override Tensor Output { get; }

    internal override Tensor? Saved => Activation?.Before;

    internal override IReadOnlyList<Tensor> Kept => InputActivation?.Before is { } before ? [_input, before] : [_input];

    internal override IReadOnlyList<Tensor> Differentiated => _inputHasGradient ? [_input] : [];

    internal override IReadOnlyList<Parameter> Trained => _bias is null ? [_weight] : [_weight, _bias];

    /// <summary>The activation at its end, and the one that its input comes from; or null.</summary>
    internal FusedActivation? Activation { get; }

    internal FusedActivation? InputActivation { get; }

    /// <summary>The weight, which all chips of a replica multiply by in the same step: worth packing once for many passes.</summary>
    internal Parameter Weight => _weight;

    /// <summary>How its operands get into their formats.</summary>
    internal LinearCasts Casts => _casts;

    /// <summary>How its operands get into their formats, and its number among linear layers, by which they draw random numbers.</summary>
    internal void SetFormats(LinearCasts casts, int index) => (_casts, _index) = (casts, index);

    /// <summary>The weight as forward products read it.</summary>
    internal OperandCast ForwardWeights(ulong seed, uint step) => LinearCasts.Keyed(_casts.Weights, seed, _index, 0, step, 0);

    /// <summary>The weight as the gradient of the input reads it.</summary>
    internal OperandCast BackwardWeights(ulong seed, uint step) => LinearCasts.Keyed(_casts.BackwardWeights, seed, _index, _casts.SharesWeights ? 0 : 1, step, 0);

    internal override void Forward(Pass pass)
    {
        ReadOnlySpan<float> bias = _bias is null ? default : pass.Weight(_bias);
        ReadOnlySpan<float> residual = _residual is null ? default : pass.Value(_residual);
        Epilogue epilogue = Activation?.Forward ?? Epilogue.None;
        Span<float> result = pass.Value(Activation?.Before ?? Output);
        Span<float> other = Activation?.Before is null ? default : pass.Value(Output);
        (int rows, int outputs, int inputs) = (pass.Rows, _weight.Rows, _weight.Columns);
        if (pass.Probe is { } probe)
        {
            probe.Observe(Name, "weights", pass.Weight(_weight), inputs, Contraction.Row, ForwardWeights(pass.Seed, pass.Step));
            probe.Observe(Name, "activations", pass.Value(_input), inputs, Contraction.Row, Keyed(pass, _casts.Activations, 2));
        }

        OperandCast cast = ForwardActivations(pass);
        if (pass.PackedWeight(this) is { IsEmpty: false } packed)
        {
            QuantizedProduct.NTPacked(pass.Value(_input), cast, packed, result, rows, outputs, inputs, bias, residual, epilogue, other);
        }
        else
        {
            QuantizedProduct.NT(
                pass.Value(_input), cast, pass.Weight(_weight), pass.Training ? ForwardWeights(pass.Seed, pass.Step) : ToNearest(_casts.Weights), result, rows, outputs, inputs, bias, residual, epilogue, other);
        }
    }

    internal override void Backward(Pass pass)
    {
        Span<float> gradient = pass.Gradient(Output);
        OperandCast activations = _casts.CastsInPlace ? OperandCast.None : Keyed(pass, _casts.BackwardActivations, 3);
        if (pass.Probe is { } probe)
        {
            probe.Observe(Name, "backward_activations", pass.Value(_input), _weight.Columns, Contraction.Column, activations);
            probe.Observe(Name, "gradients", gradient, _weight.Rows, Contraction.Row, Keyed(pass, _casts.Gradients, 4));
            probe.Observe(Name, "backward_weights", pass.Weight(_weight), _weight.Columns, Contraction.Column, BackwardWeights(pass.Seed, pass.Step));
        }

        if (_bias is not null)
        {
            ColumnSums.Compute(gradient, pass.WeightGradient(_bias));
        }

        ReadOnlySpan<float> shared = pass.BackwardWeight(this);
        QuantizedProduct.Backward(
            gradient, Keyed(pass, _casts.Gradients, 4), pass.Value(_input), activations, pass.WeightGradient(_weight), shared.IsEmpty ? pass.Weight(_weight) : shared,
            shared.IsEmpty ? BackwardWeights(pass.Seed, pass.Step) : OperandCast.None, _inputHasGradient ? pass.Gradient(_input) : default, pass.Rows, _weight.Rows,
            _weight.Columns, InputActivation?.Backward ?? Epilogue.None, InputActivation is null ? default : pass.Value(InputActivation.Before ?? _input));
    }

    /// <summary>How the input of the forward product gets into its format; where one format serves both ways, it is there already.</summary>
    private OperandCast ForwardActivations(Pass pass)
    {
        OperandCast cast = Keyed(pass, _casts.Activations, 2);
        if (!_casts.CastsInPlace)
        {
            return cast;
        }

        Span<float> input = pass.Value(_input);
        cast.Apply(input, input, _input.Width, Contraction.Row);
        return OperandCast.None;
    }

    /// <summary>A cast with its random numbers. What is not trained on is rounded to nearest; of a validation in a run only the weights are a draw, that of the next step.</summary>
    private OperandCast Keyed(Pass pass, in OperandCast cast, int use) =>
        pass.Training ? LinearCasts.Keyed(cast, pass.Seed, _index, use, pass.Step, pass.FirstRow) : ToNearest(cast);

    private static OperandCast ToNearest(in OperandCast cast) => cast.Rounding == Rounding.Stochastic ? cast with { Rounding = Rounding.Nearest } : cast;
}
