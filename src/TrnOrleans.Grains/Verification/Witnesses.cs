using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Verification;

/// <summary>Settles whether a chip computed what it should: a step is exactly repeatable, so another chip must come to the same bits.</summary>
/// <param name="chips">Chips of the UltraServer, at least two.</param>
/// <param name="recompute">Lets a chip compute the micro-batch of another: witness, chip, whether it is the third opinion.</param>
internal sealed class Witnesses(int chips, Func<int, int, bool, Task<GradientReport>> recompute)
{
    /// <summary>Which chip has computed other bits than two others; null when all is well.</summary>
    /// <param name="chip">Whose work is looked at.</param>
    /// <param name="said">What it said.</param>
    internal async Task<int?> LiarAsync(int chip, GradientReport said)
    {
        int witness = (chip + 1) % chips;
        GradientReport second = await recompute(witness, chip, false);
        if (second.HasSameBits(said))
        {
            return null;
        }

        // Of two chips the first is asked again: what it got wrong once it gets right now, unless it is broken for good.
        GradientReport third = await recompute((chip + 2) % chips, chip, true);
        return third.HasSameBits(said) ? witness : chip;
    }
}
