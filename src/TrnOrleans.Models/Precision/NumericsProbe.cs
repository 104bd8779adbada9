using TrnOrleans.Numerics.Formats;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Models.Precision;

/// <summary>An operand of a layer's products, and what its format did to it.</summary>
/// <param name="Layer">Path in the network.</param>
/// <param name="Tensor">weights, activations, gradients, backward_weights or backward_activations.</param>
/// <param name="Format">Which format.</param>
/// <param name="Statistics">What it did.</param>
public sealed record OperandNumerics(string Layer, string Tensor, OperandFormat Format, FormatStatistics Statistics);

/// <summary>Watches the operands of a pass, in the order in which they are used. One pass at a time; changes nothing that it watches.</summary>
public sealed class NumericsProbe : IDisposable
{
    private readonly List<OperandNumerics> _seen = [];
    private AlignedBuffer _scratch = new(0);

    /// <summary>What has been seen.</summary>
    public IReadOnlyList<OperandNumerics> Seen => _seen;

    public void Dispose() => _scratch.Dispose();

    /// <summary>An operand is about to be cast.</summary>
    internal void Observe(string layer, string tensor, ReadOnlySpan<float> x, int width, Contraction contraction, in OperandCast cast)
    {
        if (cast.Format.IsExact)
        {
            return;
        }

        if (_scratch.Length < x.Length)
        {
            _scratch.Dispose();
            _scratch = new AlignedBuffer(x.Length);
        }

        _seen.Add(new OperandNumerics(layer, tensor, cast.Format, FormatStatistics.Of(x, _scratch.Span(0, x.Length), width, contraction, cast)));
    }
}
