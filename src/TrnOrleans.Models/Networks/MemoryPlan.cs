namespace TrnOrleans.Models.Networks;

/// <summary>Who needs memory from when to when; times are places in the sequence of operations, both ends included.</summary>
/// <param name="Width">Floats a row.</param>
/// <param name="First">First time.</param>
/// <param name="Last">Last time.</param>
internal readonly record struct Lifetime(int Width, int First, int Last);

/// <summary>Gives buffers with known lifetimes places in one arena, so that two share memory only when they never live together.</summary>
/// <remarks>Largest first, each at the lowest place that is free for its whole life: within a few per cent of the best in practice.</remarks>
internal sealed class MemoryPlan
{
    internal MemoryPlan(IReadOnlyList<Lifetime> lifetimes)
    {
        Offsets = new int[lifetimes.Count];

        // In order of their offsets, so that one walk finds the first gap.
        List<int> placed = [];
        foreach (int index in Enumerable.Range(0, lifetimes.Count).OrderByDescending(i => lifetimes[i].Width).ThenBy(i => i))
        {
            Lifetime life = lifetimes[index];
            int width = Aligned(life.Width);
            if (width == 0)
            {
                continue;
            }

            int offset = 0;
            foreach (int other in placed)
            {
                if (lifetimes[other].First > life.Last || life.First > lifetimes[other].Last)
                {
                    continue;
                }

                if (Offsets[other] - offset >= width)
                {
                    break;
                }

                offset = Math.Max(offset, Offsets[other] + Aligned(lifetimes[other].Width));
            }

            Offsets[index] = offset;
            int place = placed.FindIndex(other => Offsets[other] > offset);
            placed.Insert(place < 0 ? placed.Count : place, index);
            Width = Math.Max(Width, checked(offset + width));
        }
    }

    /// <summary>Where each buffer starts, in floats a row.</summary>
    internal int[] Offsets { get; }

    /// <summary>Floats a row that the arena needs.</summary>
    internal int Width { get; }

    private static int Aligned(int width) => (width + ParameterLayout.Alignment - 1) / ParameterLayout.Alignment * ParameterLayout.Alignment;
}
