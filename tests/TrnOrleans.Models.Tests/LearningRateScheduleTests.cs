using TrnOrleans.Models.Training;

namespace TrnOrleans.Models.Tests;

public class LearningRateScheduleTests
{
    private static readonly LearningRateSchedule s_cosine = new(ScheduleKind.Cosine, Rate: 1.0, Least: 0.1, Warmup: 4, Steps: 104);

    [Fact]
    public void The_warm_up_rises_in_even_steps_to_the_full_rate()
    {
        Assert.Equal([0.2, 0.4, 0.6, 0.8, 1.0], Enumerable.Range(0, 5).Select(s => Math.Round(s_cosine.At(s), 12)));
        LearningRateSchedule constant = s_cosine with { Kind = ScheduleKind.Constant };
        Assert.Equal([0.2, 0.4, 0.6, 0.8, 1.0], Enumerable.Range(0, 5).Select(s => Math.Round(constant.At(s), 12)));
    }

    [Fact]
    public void The_cosine_starts_full_is_half_way_in_the_middle_and_ends_at_the_least()
    {
        Assert.Equal(1.0, s_cosine.At(4), 1e-12);
        Assert.Equal(0.1 + (0.45 * (1 + Math.Cos(Math.PI / 4))), s_cosine.At(29), 1e-12);
        Assert.Equal(0.55, s_cosine.At(54), 1e-12);
        Assert.InRange(s_cosine.At(103), 0.1, 0.1003);
        Assert.Equal(0.1, s_cosine.At(104), 1e-12);
        Assert.Equal(0.1, s_cosine.At(1000), 1e-12);
        for (int step = 5; step <= 104; step++)
        {
            Assert.True(s_cosine.At(step) < s_cosine.At(step - 1));
        }
    }

    [Fact]
    public void A_constant_rate_stays()
    {
        LearningRateSchedule constant = new(ScheduleKind.Constant, 0.3, 0, 0, 10);
        Assert.All([0L, 5, 9, 1_000_000], step => Assert.Equal(0.3, constant.At(step)));
    }

    [Fact]
    public void A_warm_up_longer_than_the_run_only_rises() =>
        Assert.Equal(0.5, (s_cosine with { Warmup = 9, Steps = 5 }).At(4), 1e-12);
}
