using TrnOrleans.Numerics.Activations;
using TrnOrleans.Numerics.Memory;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Numerics.Bits;

/// <summary>Element-wise kernels: two blocks of 16 Ki, the last one short.</summary>
internal static class ElementBits
{
    private const int Length = (16 * 1024) + 811;

    internal static void AddTo(DigestList list)
    {
        float[] x = list.Input(Length, -6, 6);
        float[] gradient = list.Input(Length);
        float[] y = new float[Length];
        Gelu.Forward(x, y);
        list.Add("Gelu.Forward", y);
        Gelu.Backward(x, gradient, y);
        list.Add("Gelu.Backward", y);
        Relu.Forward(x, y);
        list.Add("Relu.Forward", y);
        float[] dx = new float[Length];
        Relu.Backward(y, gradient, dx);
        list.Add("Relu.Backward", dx);
        Dropout.Apply(x, 0.3f, new CounterRandom(9, RandomUse.Dropout, 2, 5), 4096);
        list.Add("Dropout", x);
        VectorSum.AddInto(x, gradient);
        list.Add("VectorSum", x);

        const int rows = 150;
        const int width = 53;
        float[] gateAndUp = list.Input(rows * 2 * width, -6, 6);
        float[] output = new float[rows * width];
        SwiGlu.Forward(gateAndUp, output, width);
        list.Add("SwiGlu.Forward", output);
        float[] inputGradient = new float[gateAndUp.Length];
        SwiGlu.Backward(gateAndUp, list.Input(output.Length), inputGradient, width);
        list.Add("SwiGlu.Backward", inputGradient);
    }
}
