using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Numerics.Bits;

/// <summary>Optimizers and the norm of a gradient.</summary>
internal static class OptimizerBits
{
    private const int Length = (16 * 1024) + 333;

    internal static void AddTo(DigestList list)
    {
        float[] weights = list.Input(Length);
        float[] gradient = list.Input(Length);
        float[] first = list.Input(Length);
        float[] second = list.Input(Length, 0, 2);
        AdamW.Update(weights, gradient, first, second, new AdamWStep(0.01f, 0.9f, 0.95f, 1e-8f, 0.1f, 0.7f, 0.271f, 0.1426f));
        list.Add("AdamW", weights, first, second);
        MomentumSgd.Update(weights, gradient, first, new SgdStep(0.01f, 0.9f, 0.001f, 0.7f));
        list.Add("MomentumSgd", weights, first);
        MomentumSgd.Update(weights, gradient, [], new SgdStep(0.01f, 0f, 0.001f, 0.7f));
        list.Add("MomentumSgd.Plain", weights);
        double norm = GlobalNorm.Compute(gradient);
        list.Add("GlobalNorm", [norm, GlobalNorm.ClipFactor(norm, 1)]);
    }
}
