using CsCheck;
using TrnOrleans.Grains.Collectives;

namespace TrnOrleans.Grains.Tests.Collectives;

/// <summary>The tree against its definition: split at the largest power of two below the number of leaves, left first.</summary>
public sealed class ReductionTreeTests
{
    [Fact]
    public void The_shape_is_the_same_for_every_order_of_arrival() =>
        Gen.Select(Gen.Int[1, 150], Gen.ULong).Sample((leaves, seed) =>
        {
            int[] order = Shuffled(leaves, seed);
            Assert.Equal(Shape(0, leaves), Reduce(leaves, order, out _));
        });

    [Fact]
    public void Arriving_in_order_holds_no_more_than_log_n_plus_one_partial_sums() =>
        Gen.Int[1, 300].Sample(leaves =>
        {
            Reduce(leaves, [.. Enumerable.Range(0, leaves)], out int held);
            Assert.True(held <= (int)Math.Ceiling(Math.Log2(leaves)) + 1, $"{leaves} leaves held {held}");
        });

    [Fact]
    public void Folds_may_end_in_any_order() =>
        Gen.Select(Gen.Int[2, 40], Gen.ULong).Sample((leaves, seed) =>
        {
            // All leaves arrive at once, and the folds that become possible end in a random order.
            ReductionTree tree = new(leaves);
            string[] sums = [.. Enumerable.Range(0, leaves).Select(leaf => $"{leaf}")];
            List<Fold> open = [];
            for (int leaf = 0; leaf < leaves; leaf++)
            {
                if (tree.Arrive(leaf, leaf, out Fold fold))
                {
                    open.Add(fold);
                }
            }

            for (ulong state = seed; open.Count > 0; state = (state * 6364136223846793005) + 1442695040888963407)
            {
                int pick = (int)((state >> 33) % (ulong)open.Count);
                Fold fold = open[pick];
                open.RemoveAt(pick);
                sums[fold.Left] = $"({sums[fold.Left]}+{sums[fold.Right]})";
                if (tree.Folded(fold, out Fold next))
                {
                    open.Add(next);
                }
            }

            Assert.Equal(Shape(0, leaves), sums[tree.Root!.Value]);
        });

    [Fact]
    public void A_leaf_arrives_once()
    {
        ReductionTree tree = new(3);
        tree.Arrive(1, 0, out _);
        Assert.True(tree.HasArrived(1));
        Assert.False(tree.HasArrived(0));
        Assert.Throws<InvalidOperationException>(() => tree.Arrive(1, 1, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Arrive(3, 1, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Arrive(-1, 1, out _));
    }

    private static string Reduce(int leaves, int[] order, out int held)
    {
        ReductionTree tree = new(leaves);
        string[] sums = [.. Enumerable.Range(0, leaves).Select(leaf => $"{leaf}")];
        held = 0;
        foreach (int leaf in order)
        {
            for (bool more = tree.Arrive(leaf, leaf, out Fold fold); more; more = tree.Folded(fold, out fold))
            {
                sums[fold.Left] = $"({sums[fold.Left]}+{sums[fold.Right]})";
            }

            held = Math.Max(held, tree.Held);
        }

        Assert.Equal(0, tree.Held);
        return sums[tree.Root!.Value];
    }

    private static string Shape(int first, int count)
    {
        if (count == 1)
        {
            return $"{first}";
        }

        int left = 1;
        while (left * 2 < count)
        {
            left *= 2;
        }

        return $"({Shape(first, left)}+{Shape(first + left, count - left)})";
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
