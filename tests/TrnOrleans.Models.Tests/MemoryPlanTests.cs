using CsCheck;
using TrnOrleans.Models.Networks;

namespace TrnOrleans.Models.Tests;

public class MemoryPlanTests
{
    private static readonly Gen<Lifetime> s_lifetime =
        Gen.Select(Gen.Int[0, 100], Gen.Int[0, 30], Gen.Int[0, 12], (width, first, length) => new Lifetime(width, first, first + length));

    [Fact]
    public void Buffers_that_live_together_never_share_memory() => s_lifetime.Array[0, 25].Sample(
        lives =>
        {
            MemoryPlan plan = new(lives);
            for (int a = 0; a < lives.Length; a++)
            {
                Assert.True(plan.Offsets[a] >= 0 && plan.Offsets[a] % ParameterLayout.Alignment == 0);
                Assert.True(plan.Offsets[a] + lives[a].Width <= plan.Width);
                for (int b = 0; b < a; b++)
                {
                    bool together = lives[a].First <= lives[b].Last && lives[b].First <= lives[a].Last;
                    bool shared = plan.Offsets[a] < plan.Offsets[b] + lives[b].Width && plan.Offsets[b] < plan.Offsets[a] + lives[a].Width;
                    Assert.False(together && shared && lives[a].Width > 0 && lives[b].Width > 0, $"{lives[a]} and {lives[b]}");
                }
            }
        },
        iter: 3000, threads: 1);

    [Fact]
    public void The_arena_is_no_smaller_than_what_lives_at_once_and_no_larger_than_all() => s_lifetime.Array[0, 25].Sample(
        lives =>
        {
            int width = new MemoryPlan(lives).Width;
            int most = Enumerable.Range(0, 50).Max(time => lives.Where(l => l.First <= time && time <= l.Last).Sum(l => l.Width));
            Assert.InRange(width, most, lives.Sum(l => (l.Width + 15) / 16 * 16));
        },
        iter: 3000, threads: 1);

    [Fact]
    public void Buffers_that_follow_one_another_use_one_place()
    {
        MemoryPlan plan = new([new(64, 0, 1), new(64, 2, 3), new(32, 4, 4)]);
        Assert.Equal(64, plan.Width);
    }
}
