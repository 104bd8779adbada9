using CsCheck;
using TrnOrleans.Models.Precision;
using TrnOrleans.Models.Training;

namespace TrnOrleans.Models.Tests.Precision;

/// <summary>The scale of losses against a plain count of what has happened.</summary>
public sealed class LossScalerTests
{
    private static readonly NetworkPrecision s_dynamic = PrecisionRecipes.Resolve(new PrecisionSpec { LossScaling = LossScalingKind.Dynamic });
    private static readonly NetworkPrecision s_static = PrecisionRecipes.Resolve(new PrecisionSpec { LossScale = 256 });

    [Fact]
    public void A_scale_is_halved_by_an_overflow_and_doubled_after_2000_updates() => Gen.Int[0, 5000].Array[0, 12].Sample(runs =>
    {
        // So many updates, then an overflow, and so on.
        LossScaler scaler = LossScaler.First(s_dynamic);
        double expected = 65536;
        foreach (int updates in runs)
        {
            for (int i = 0; i < updates; i++)
            {
                scaler = Kept(scaler.After(s_dynamic, isSkipped: false), s_dynamic);
            }

            expected = Math.Min(expected * Math.Pow(2, updates / 2000), Math.Pow(2, 40)) / 2;
            scaler = Kept(scaler.After(s_dynamic, isSkipped: true), s_dynamic);
            Assert.Equal(expected, scaler.Scale);
        }

        Assert.Equal(runs.Length, scaler.Skipped);
    }, iter: 30);

    [Fact]
    public void A_fixed_scale_stays_and_counts()
    {
        LossScaler scaler = LossScaler.First(s_static);
        for (int i = 0; i < 7; i++)
        {
            scaler = Kept(scaler.After(s_static, isSkipped: true), s_static);
        }

        Assert.Equal((256f, 7L, 7L), (scaler.Scale, scaler.Skipped, scaler.Overflows));
        Assert.Equal((256f, 7L, 0L), (scaler.After(s_static, false).Scale, scaler.After(s_static, false).Skipped, scaler.After(s_static, false).Overflows));
    }

    [Fact]
    public void Counts_of_long_runs_are_kept_exactly() => Gen.Long[0, 1L << 40].Sample(skipped =>
        Assert.Equal(skipped, Kept(new LossScaler(1, skipped, skipped / 3, 2), s_dynamic).Skipped));

    /// <summary>There and back through the floats in which it is kept.</summary>
    private static LossScaler Kept(LossScaler scaler, NetworkPrecision precision)
    {
        float[] state = new float[LossScaler.Length];
        scaler.Store(state);
        LossScaler back = LossScaler.Of(precision, state);
        Assert.Equal(scaler, back);
        return back;
    }
}
