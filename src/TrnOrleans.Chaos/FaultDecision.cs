using System.IO.Hashing;
using System.Text;
using TrnOrleans.Numerics.Randomness;

namespace TrnOrleans.Chaos;

/// <summary>Whether a fault happens: a pure function of (seed, site, step, attempt), so the same schedule meets every run, in any order of calls.</summary>
/// <remarks>Without the attempt a retry would meet the same fault for ever.</remarks>
public static class FaultDecision
{
    /// <param name="seed">Of the schedule.</param>
    /// <param name="site">Where: a grain and a method.</param>
    /// <param name="step">Which step.</param>
    /// <param name="attempt">Which attempt at it, from 0; under 65,536.</param>
    /// <param name="rate">Share that happens, from 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">a rate outside 0 … 1.</exception>
    public static bool Happens(ulong seed, string site, long step, int attempt, double rate)
    {
        if (!(rate is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "a rate is between 0 and 1");
        }

        ulong place = XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(site));
        CounterRandom random = new(seed ^ place, RandomUse.Fault, checked((ushort)attempt), (uint)step);
        return random.Uniform((ulong)step >> 32) < rate;
    }
}
