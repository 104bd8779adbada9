using System.Buffers.Binary;
using System.IO.Hashing;

namespace TrnOrleans.Grains.Verification;

/// <summary>Which kernel steps are computed again on another chip: a pure function, so that chip and UltraServer agree without a word.</summary>
internal static class VerifyChoice
{
    /// <summary>Whether a chip's step is chosen.</summary>
    /// <param name="rate">Share of all, from 0 (none) to 1 (all).</param>
    /// <param name="seed">Of the run.</param>
    /// <param name="step">The step.</param>
    /// <param name="rank">Of the chip among all of the run.</param>
    internal static bool IsChosen(double rate, ulong seed, long step, int rank)
    {
        if (rate is 0 or 1)
        {
            return rate == 1;
        }

        Span<byte> place = stackalloc byte[20];
        BinaryPrimitives.WriteUInt64LittleEndian(place, seed);
        BinaryPrimitives.WriteInt64LittleEndian(place[8..], step);
        BinaryPrimitives.WriteInt32LittleEndian(place[16..], rank);

        // The upper 53 bits are a number from 0 to 1 in double, each as likely as the next.
        return (XxHash3.HashToUInt64(place) >> 11) * (1.0 / (1L << 53)) < rate;
    }
}
