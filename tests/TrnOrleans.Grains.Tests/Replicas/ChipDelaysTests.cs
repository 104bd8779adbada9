using CsCheck;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Grains.Replicas;

namespace TrnOrleans.Grains.Tests.Replicas;

/// <summary>No delay is forgotten, none counts twice, and none before its step.</summary>
public sealed class ChipDelaysTests
{
    [Fact]
    public void Every_delay_is_taken_once_and_not_before_its_step() =>
        (from added in (from at in Gen.Int[0, 9] from ahead in Gen.Int[0, 2] from chip in Gen.Int[0, 3] from kernels in Gen.Int[0, 4] from seconds in Gen.Int[0, 4] select (at, ahead, chip, kernels, seconds)).Array[0, 12]
         select added).Sample(added =>
        {
            ChipDelays delays = new();
            for (int step = 0; step <= 12; step++)
            {
                foreach (var delay in added.Where(d => d.at == step))
                {
                    delays.Add(step + delay.ahead, delay.chip, delay.kernels, delay.seconds);
                }

                ChipDelay[] expected =
                [
                    .. Enumerable.Range(0, 4).Select(chip => (Chip: chip, Due: added.Where(d => d.chip == chip && d.at + d.ahead == step).ToArray())).Where(c => c.Due.Length > 0)
                        .Select(c => new ChipDelay(40 + c.Chip, c.Due.Sum(d => d.kernels), c.Due.Sum(d => d.seconds))),
                ];
                Assert.Equal(expected, delays.Take(step, firstRank: 40));
                Assert.Empty(delays.Take(step, firstRank: 40));
            }
        });

    /// <summary>A step that nobody finished is waited for in the one that comes instead.</summary>
    [Fact]
    public void What_was_left_comes_with_the_next()
    {
        ChipDelays delays = new();
        delays.Add(3, 1, 1, 0);
        delays.Add(5, 1, 0.5, 2);
        delays.Add(6, 1, 9, 9);
        Assert.Equal([new ChipDelay(1, 1.5, 2)], delays.Take(5, firstRank: 0));
    }

    /// <summary>Blocks that are late side by side keep all waiting once; a chip that is late as well comes on top.</summary>
    [Fact]
    public void Of_late_blocks_the_latest_counts()
    {
        ChipDelays delays = new();
        delays.AddLink(4, 0, 0.2);
        delays.AddLink(4, 0, 0.5);
        delays.AddLink(4, 1, 0.1);
        delays.AddLink(5, 0, 3);
        delays.Add(4, 0, 2, 0);
        delays.Add(4, 2, 0, 1);
        Assert.Equal([new ChipDelay(8, 3, 0.5), new ChipDelay(10, 0, 1)], delays.Take(4, firstRank: 8));
        Assert.Equal([new ChipDelay(8, 0, 3)], delays.Take(5, firstRank: 8));
    }
}
