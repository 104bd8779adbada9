using CsCheck;

namespace TrnOrleans.Chaos.Tests;

public sealed class FaultDecisionTests
{
    [Fact]
    public void A_decision_depends_on_nothing_but_its_arguments() =>
        Gen.Select(Gen.ULong, Gen.String[1, 20], Gen.Long[0, 1L << 40], Gen.Int[0, 1000]).Sample((seed, site, step, attempt) =>
            FaultDecision.Happens(seed, site, step, attempt, 0.5) == FaultDecision.Happens(seed, site, step, attempt, 0.5));

    [Fact]
    public void The_rate_is_kept_and_the_ends_are_exact()
    {
        const int Draws = 100_000;
        foreach (double rate in new[] { 0, 0.01, 0.3, 1 })
        {
            int hits = Enumerable.Range(0, Draws).Count(step => FaultDecision.Happens(11, "0/3.compute", step, 0, rate));
            Assert.InRange(hits - (rate * Draws), -4 * Math.Sqrt(Draws * rate * (1 - rate)), 4 * Math.Sqrt(Draws * rate * (1 - rate)));
        }
    }

    [Fact]
    public void Another_site_step_attempt_or_seed_decides_anew()
    {
        bool[] Row(ulong seed, string site, int attempt) => [.. Enumerable.Range(0, 200).Select(step => FaultDecision.Happens(seed, site, step, attempt, 0.5))];
        bool[] first = Row(1, "a", 0);
        Assert.NotEqual(first, Row(2, "a", 0));
        Assert.NotEqual(first, Row(1, "b", 0));
        Assert.NotEqual(first, Row(1, "a", 1));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void A_rate_outside_its_range_is_refused(double rate) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => FaultDecision.Happens(1, "a", 0, 0, rate));
}
