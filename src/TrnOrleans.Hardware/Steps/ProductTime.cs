using TrnOrleans.Hardware.Machines;

namespace TrnOrleans.Hardware.Steps;

/// <summary>Seconds of a product of matrices: the larger each of its sides, the nearer it comes to the stack's best.</summary>
/// <param name="peak">FLOP/s of the chip in the format of the operands.</param>
/// <param name="stack">Efficiencies.</param>
internal readonly struct ProductTime(double peak, SoftwareStack stack)
{
    internal double Seconds(double rows, double depth, double columns) =>
        2 * rows * depth * columns / (peak * stack.TensorEfficiency) * (1 + (stack.HalfRows / rows)) * (1 + (stack.HalfColumns / columns)) * (1 + (stack.HalfColumns / depth));
}
