using System.IO.Hashing;
using System.Text;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Chaos;

/// <summary>Whether a fault happens: a pure function of (seed, site, step, attempt), so the same schedule meets every run, in any order of calls.</summary>
/// <remarks>Without the attempt a retry would meet the same fault for ever.</remarks>
public static class FaultDecision
{
    /// <param name="seed">Of the schedule.</param>
    /// <param name="site">Where: a place and a kind.</param>
    /// <param name="step">Which step.</param>
    /// <param name="attempt">Which attempt at it, from 0; beyond 65,535 they are alike.</param>
    /// <param name="rate">Share that happens, from 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">a rate outside 0 … 1.</exception>
    public static bool Happens(ulong seed, string site, long step, int attempt, double rate) =>
        rate is >= 0 and <= 1
            ? Uniform(seed, site, step, attempt) < rate
            : throw new ArgumentOutOfRangeException(nameof(rate), rate, "a rate is between 0 and 1");

    /// <summary>A whole number below a bound, decided by the same.</summary>
    public static long Below(ulong seed, string site, long step, int attempt, long bound) => (long)(Uniform(seed, $"{site}#", step, attempt) * bound);

    private static double Uniform(ulong seed, string site, long step, int attempt)
    {
        ulong place = XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(site));
        CounterRandom random = new(seed ^ place, RandomUse.Fault, (ushort)Math.Min(attempt, ushort.MaxValue), (uint)step);
        return random.Uniform((ulong)step >> 32);
    }
}
