namespace TrnOrleans.Grains.Bench;

/// <summary>
/// Values whose sums are exact in any order, small whole numbers that differ from chip to chip and from place to place; sums of neighbouring
/// chips are within ±120, which BF16 has exactly, too.
/// </summary>
internal static class CollectiveValues
{
    private const int Period = 31;
    private const int Middle = 15;

    /// <summary>What a chip brings at a place.</summary>
    internal static float At(int rank, long place) => (((place * 7) + ((long)rank * 13)) % Period) - Middle;

    /// <summary>The sum over ranks 0 … n − 1 at a place.</summary>
    internal static float SumAt(int ranks, long place)
    {
        // 13 and 31 have no common divisor: whole rounds of ranks sum to zero around the middle.
        long sum = 0;
        for (int rank = ranks / Period * Period; rank < ranks; rank++)
        {
            sum += (long)At(rank, place);
        }

        return sum;
    }

    /// <summary>Writes a chip's values.</summary>
    internal static void Fill(Span<float> target, int rank)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = At(rank, i);
        }
    }
}
