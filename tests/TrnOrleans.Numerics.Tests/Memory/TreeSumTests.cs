using CsCheck;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Tests;

/// <summary>The sum of many buffers at once against folding them pair by pair.</summary>
public sealed class TreeSumTests
{
    [Fact]
    public void Any_number_of_buffers_has_the_bits_of_pairwise_folds() =>
        Gen.Select(Gen.Int[1, 150], Gen.Int[0, 2100], Gen.Int[0, 40], Gen.UInt).Sample(
            (count, length, offset, seed) =>
            {
                float[][] sources = [.. Enumerable.Range(0, count).Select(i => TestData.Uniform(offset + length + 3, seed + (ulong)i))];
                AlignedBuffer[] buffers = [.. sources.Select(values =>
                {
                    AlignedBuffer buffer = new(values.Length);
                    values.CopyTo(buffer.Span());
                    return buffer;
                })];
                float[] target = new float[length + 1];
                target[length] = 42;
                TreeSum.Compute(buffers, offset, target.AsSpan(0, length));
                Agree.OnBits(Pairwise([.. sources.Select(s => s[offset..(offset + length)])]), target[..length]);
                Assert.Equal(42, target[length]);

                // In the first buffer itself, as a switch does it; nothing around the window changes.
                TreeSum.Compute(buffers, offset, buffers[0].Span(offset, length));
                Agree.OnBits(target[..length], buffers[0].Span(offset, length).ToArray());
                Agree.OnBits(sources[0][..offset], buffers[0].Span(0, offset).ToArray());
                Agree.OnBits(sources[0][(offset + length)..], buffers[0].Span(offset + length, 3).ToArray());
                Array.ForEach(buffers, buffer => buffer.Dispose());
            },
            iter: 60, threads: 1);

    [Fact]
    public void A_window_outside_a_source_or_no_source_is_refused()
    {
        using AlignedBuffer buffer = new(8);
        Assert.ThrowsAny<ArgumentException>(() => TreeSum.Compute([buffer], 1, new float[8]));
        Assert.ThrowsAny<ArgumentException>(() => TreeSum.Compute([], 0, new float[8]));
    }

    /// <summary>Level by level: neighbours in pairs, one without a neighbour as it is.</summary>
    private static float[] Pairwise(float[][] level)
    {
        while (level.Length > 1)
        {
            level = [.. level.Chunk(2).Select(pair => pair.Length == 1 ? pair[0] : [.. pair[0].Zip(pair[1], (x, y) => x + y)])];
        }

        return level[0];
    }
}
