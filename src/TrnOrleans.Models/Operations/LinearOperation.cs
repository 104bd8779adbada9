using TrnOrleans.Models.Networks;
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

    /// <summary>The weight, which all chips of a replica multiply by in the same step.</summary>
    internal override Parameter? PackedParameter => _weight;

    internal override void Forward(Pass pass)
    {
        ReadOnlySpan<float> bias = _bias is null ? default : pass.Weight(_bias);
        ReadOnlySpan<float> residual = _residual is null ? default : pass.Value(_residual);
        Epilogue epilogue = Activation?.Forward ?? Epilogue.None;
        Span<float> result = pass.Value(Activation?.Before ?? Output);
        Span<float> other = Activation?.Before is null ? default : pass.Value(Output);
        (int rows, int outputs, int inputs) = (pass.Rows, _weight.Rows, _weight.Columns);
        if (pass.PackedWeight(_weight) is { IsEmpty: false } packed)
        {
            MatrixProduct.NTPacked(pass.Value(_input), packed, result, rows, outputs, inputs, bias, residual, epilogue, other);
        }
        else
        {
            MatrixProduct.NT(pass.Value(_input), pass.Weight(_weight), result, rows, outputs, inputs, bias, residual, epilogue, other);
        }
    }

    internal override void Backward(Pass pass)
    {
        Span<float> gradient = pass.Gradient(Output);
        MatrixProduct.TN(gradient, pass.Value(_input), pass.WeightGradient(_weight), _weight.Rows, _weight.Columns, pass.Rows);
        if (_bias is not null)
        {
            ColumnSums.Compute(gradient, pass.WeightGradient(_bias));
        }

        if (_inputHasGradient)
        {
            MatrixProduct.NN(
                gradient, pass.Weight(_weight), pass.Gradient(_input), pass.Rows, _weight.Columns, _weight.Rows,
                epilogue: InputActivation?.Backward ?? Epilogue.None,
                other: InputActivation is null ? default : pass.Value(InputActivation.Before ?? _input));
        }
    }
}
