using TrnOrleans.Numerics.Optimizers;

namespace TrnOrleans.Numerics.Tests;

/// <summary>PyTorch's formulas in FP64.</summary>
internal static class OptimizerReference
{
    internal static void AdamW(double[] w, float[] gradient, double[] m, double[] v, in AdamWStep step)
    {
        for (int i = 0; i < w.Length; i++)
        {
            double g = (double)gradient[i] * step.GradientScale;
            w[i] -= (double)step.LearningRate * step.WeightDecay * w[i];
            m[i] = (step.Beta1 * m[i]) + ((1.0 - step.Beta1) * g);
            v[i] = (step.Beta2 * v[i]) + ((1.0 - step.Beta2) * g * g);
            w[i] -= step.LearningRate / step.Correction1 * m[i] / (Math.Sqrt(v[i] / step.Correction2) + step.Epsilon);
        }
    }

    internal static void Sgd(double[] w, float[] gradient, double[] velocity, in SgdStep step)
    {
        for (int i = 0; i < w.Length; i++)
        {
            double g = ((double)gradient[i] * step.GradientScale) + (step.WeightDecay * w[i]);
            velocity[i] = (step.Momentum * velocity[i]) + g;
            w[i] -= step.LearningRate * velocity[i];
        }
    }
}
