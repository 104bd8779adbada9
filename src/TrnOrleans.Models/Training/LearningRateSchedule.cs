using TrnOrleans.Numerics.Elementary;

namespace TrnOrleans.Models.Training;

/// <summary>How the learning rate moves after the warm-up.</summary>
public enum ScheduleKind
{
    /// <summary>It stays.</summary>
    Constant,

    /// <summary>Half a cosine from the full rate to the least, ending with the last step.</summary>
    Cosine,
}

/// <summary>The learning rate of each step: a linear warm-up, then constant or cosine (as nanoGPT has it).</summary>
/// <param name="Kind">Shape after the warm-up.</param>
/// <param name="Rate">Full rate.</param>
/// <param name="Least">Rate at the end of a cosine.</param>
/// <param name="Warmup">Steps of the warm-up; step s of it has rate · (s + 1) / (warm-up + 1).</param>
/// <param name="Steps">Steps of the run.</param>
public sealed record LearningRateSchedule(ScheduleKind Kind, double Rate, double Least, long Warmup, long Steps)
{
    /// <summary>The rate of a step, counted from 0.</summary>
    public double At(long step)
    {
        if (step < Warmup)
        {
            return Rate * (step + 1) / (Warmup + 1);
        }

        if (Kind == ScheduleKind.Constant)
        {
            return Rate;
        }

        double done = Math.Min(1.0, (double)(step - Warmup) / Math.Max(1, Steps - Warmup));
        return Least + (0.5 * (1 + ScalarMath.Cos(Math.PI * done)) * (Rate - Least));
    }
}
