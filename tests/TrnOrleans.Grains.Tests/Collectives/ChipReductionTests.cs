using System.Collections.Concurrent;
using CsCheck;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;
using TrnOrleans.Models.Networks;

namespace TrnOrleans.Grains.Tests.Collectives;

/// <summary>The switch's sum against the definition of the tree, whatever the order in which chips and buckets come.</summary>
public sealed class ChipReductionTests
{
    private const int Length = 300_000;

    [Fact]
    public void Chips_on_many_threads_give_the_bits_of_the_tree_and_give_back_every_buffer_but_the_root() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[1, 400], Gen.Int[1, 4], Gen.ULong, Gen.Bool).Sample(
            (chips, length, silos, seed, isBf16) =>
            {
                WireFormat wire = isBf16 ? WireFormat.Bf16 : WireFormat.Fp32;
                float[][] gradients = [.. Enumerable.Range(0, chips).Select(c => ReferenceTree.Values(length, seed + (ulong)c))];
                using FakeMemory memory = new(gradients);
                BucketLayout buckets = new(length, silos);
                ConcurrentQueue<int> reduced = [];
                ChipReduction reduction = new(chips, buckets, memory, wire, reduced.Enqueue);
                for (int step = 5; step < 7; step++)
                {
                    memory.Returned.Clear();
                    reduced.Clear();
                    for (int c = 0; c < chips; c++)
                    {
                        gradients[c].CopyTo(memory.Gradient(c).Span());
                    }

                    reduction.Begin(step);
                    int now = step;
                    Parallel.ForEach(Shuffled(chips, seed), chip =>
                    {
                        // Watermarks as a backward pass would give them: falling, anywhere.
                        IGradientProgress port = reduction.Enter(now, chip, chip);
                        ulong state = seed + (ulong)chip;
                        for (long final = length; final > 0;)
                        {
                            state = (state * 6364136223846793005) + 1442695040888963407;
                            final = Math.Max(0, final - ((long)(state >> 33) % (length + 1)));
                            port.FinalFrom(final);
                        }

                        port.FinalFrom(0);
                    });
                    Assert.Equal(ReferenceTree.Sum(gradients, wire), memory.Gradient(0).Span());
                    Assert.Equal(Enumerable.Range(0, buckets.Count), reduced.Order());
                    Assert.Equal(Enumerable.Range(1, chips - 1), memory.Returned.Order());
                }
            },
            iter: 200);

    [Fact]
    public void A_bucket_is_folded_as_soon_as_both_neighbours_have_it()
    {
        float[][] gradients = [ReferenceTree.Values(Length, 1), ReferenceTree.Values(Length, 2)];
        using FakeMemory memory = new(gradients);
        BucketLayout buckets = new(Length, 2);
        List<int> reduced = [];
        ChipReduction reduction = new(2, buckets, memory, WireFormat.Fp32, reduced.Add);
        reduction.Begin(0);
        reduction.Enter(0, 0, 0).FinalFrom(0);
        IGradientProgress late = reduction.Enter(0, 1, 1);
        Assert.Empty(reduced);
        late.FinalFrom(buckets.Offset(buckets.Count - 1));
        Assert.Equal([buckets.Count - 1], reduced);
        late.FinalFrom(1);
        Assert.DoesNotContain(0, reduced);
        Assert.Empty(memory.Returned);
        late.FinalFrom(0);
        Assert.Equal(buckets.Count, reduced.Count);
        Assert.Equal([1], memory.Returned);
    }

    [Fact]
    public void All_at_once_has_the_same_bits() =>
        Gen.Select(Gen.Int[1, 150], Gen.Int[1, 3000], Gen.ULong, Gen.Bool).Sample(
            (chips, length, seed, isBf16) =>
            {
                WireFormat wire = isBf16 ? WireFormat.Bf16 : WireFormat.Fp32;
                float[][] gradients = [.. Enumerable.Range(0, chips).Select(c => ReferenceTree.Values(length, seed + (ulong)c))];
                using FakeMemory memory = new(gradients);
                BucketLayout buckets = new(length, 1);
                ChipReduction reduction = new(chips, buckets, memory, wire, _ => { });
                reduction.Begin(0);
                for (int bucket = 0; bucket < buckets.Count; bucket++)
                {
                    reduction.ReduceAll(bucket, [.. Enumerable.Range(0, chips).Select(memory.Gradient)]);
                }

                Assert.Equal(ReferenceTree.Sum(gradients, wire), memory.Gradient(0).Span());
            },
            iter: 50);

    [Fact]
    public void A_chip_comes_once_and_in_the_right_step()
    {
        using FakeMemory memory = new([new float[4], new float[4]]);
        ChipReduction reduction = new(2, new BucketLayout(4, 1), memory, WireFormat.Fp32, _ => { });
        Assert.Throws<StaleMessageException>(() => { reduction.Enter(0, 0, 0); });
        reduction.Begin(3);
        reduction.Enter(3, 1, 1).FinalFrom(0);
        Assert.Throws<StaleMessageException>(() => { reduction.Enter(3, 1, 0); });
        Assert.Throws<StaleMessageException>(() => { reduction.Enter(2, 0, 0); });
        Assert.Equal(3, reduction.Refused);
    }

    private static int[] Shuffled(int count, ulong seed)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        for (int i = count - 1; i > 0; i--)
        {
            seed = (seed * 6364136223846793005) + 1442695040888963407;
            int j = (int)((seed >> 33) % (ulong)(i + 1));
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }
}
