using TrnOrleans.Models.Networks;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Grains.Verification;

/// <summary>A chip that computes one bit wrong: it changes when the gradient around it is final, and before anybody has seen it.</summary>
/// <param name="gradient">Where it is.</param>
/// <param name="bit">Which bit, counted from the first float's lowest.</param>
/// <param name="next">Who takes the gradient then.</param>
public sealed class FlippedGradient(AlignedBuffer gradient, long bit, IGradientProgress next) : IGradientProgress
{
    private bool _done;

    /// <summary>Changes a bit of a float.</summary>
    public static void Flip(ref float value, long bit) =>
        value = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(value) ^ (1 << (int)(bit % 32)));

    public void FinalFrom(long offset)
    {
        if (!_done && bit / 32 >= offset)
        {
            _done = true;
            Flip(ref gradient.Span(bit / 32, 1)[0], bit);
        }

        next.FinalFrom(offset);
    }
}
