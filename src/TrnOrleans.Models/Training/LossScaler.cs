using System.Globalization;
using TrnOrleans.Models.Precision;

namespace TrnOrleans.Models.Training;

/// <summary>
/// By how much losses are multiplied before the backward pass, so that small gradients are numbers of their format; as PyTorch's GradScaler. It is
/// part of a replica's state: after a recovery it is what it was.
/// </summary>
/// <param name="Scale">A power of two.</param>
/// <param name="Skipped">Steps so far that were no update, because their gradient overflowed.</param>
/// <param name="Since">Updates since the scale last changed.</param>
/// <param name="Overflows">Steps that overflowed one after the other, up to now.</param>
public readonly record struct LossScaler(float Scale, long Skipped, long Since, long Overflows)
{
    /// <summary>Floats in which it is kept.</summary>
    public const int Length = 16;

    /// <summary>So many overflows one after the other are no question of the scale.</summary>
    public const int MostOverflows = 50;

    private const int GrowthInterval = 2000;
    private const float MostScale = 1L << 40;
    private const float LeastScale = 1f / (1 << 24);

    // A count in two floats, exact up to 2^44.
    private const long Digit = 1 << 22;

    /// <summary>A scale as a whole number where it is one.</summary>
    public static string ForPeople(double scale) => scale.ToString(scale >= 1 ? "N0" : "G6", CultureInfo.InvariantCulture);

    /// <summary>In the beginning.</summary>
    public static LossScaler First(NetworkPrecision precision) => new((float)precision.LossScale, 0, 0, 0);

    /// <summary>As it is kept.</summary>
    /// <param name="precision">Of the run.</param>
    /// <param name="state">Length floats; empty where losses are not scaled.</param>
    public static LossScaler Of(NetworkPrecision precision, ReadOnlySpan<float> state) =>
        state.IsEmpty ? First(precision) : new LossScaler(state[0], Count(state[1], state[2]), Count(state[3], state[4]), (long)state[5]);

    /// <summary>After a step.</summary>
    /// <param name="precision">Of the run.</param>
    /// <param name="isSkipped">Whether its gradient overflowed, so that it was no update.</param>
    public LossScaler After(NetworkPrecision precision, bool isSkipped)
    {
        bool isDynamic = precision.LossScaling == LossScalingKind.Dynamic;
        if (isSkipped)
        {
            return new LossScaler(isDynamic ? MathF.Max(Scale / 2, LeastScale) : Scale, Skipped + 1, 0, Overflows + 1);
        }

        return isDynamic && Since + 1 == GrowthInterval ? new LossScaler(MathF.Min(Scale * 2, MostScale), Skipped, 0, 0) : this with { Since = Since + 1, Overflows = 0 };
    }

    /// <summary>Keeps it.</summary>
    /// <param name="state">Length floats.</param>
    public void Store(Span<float> state)
    {
        // No float passes through another value: chips read their counts while one of them writes.
        state[0] = Scale;
        (state[1], state[2]) = (Skipped / Digit, Skipped % Digit);
        (state[3], state[4]) = (Since / Digit, Since % Digit);
        state[5] = Overflows;
    }

    private static long Count(float high, float low) => ((long)high * Digit) + (long)low;
}
