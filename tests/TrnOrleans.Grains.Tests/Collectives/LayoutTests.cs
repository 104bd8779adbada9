using CsCheck;
using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains.Tests.Collectives;

/// <summary>How gradients are cut, and how UltraServers are spread.</summary>
public sealed class LayoutTests
{
    [Fact]
    public void Buckets_cover_the_gradient_once_and_every_silo_owns_as_much() =>
        Gen.Select(Gen.Long[1, 200_000_000], Gen.Int[1, 16]).Sample((length, silos) =>
        {
            BucketLayout layout = new(length, silos);
            long next = 0;
            long[] owned = new long[silos];
            for (int bucket = 0; bucket < layout.Count; bucket++)
            {
                Assert.Equal(next, layout.Offset(bucket));
                Assert.InRange(layout.LengthOf(bucket), 1, (1 << 17) + 16);
                Assert.Equal(0, layout.Offset(bucket) % 16);
                owned[layout.Owner(bucket)] += layout.LengthOf(bucket);
                next += layout.LengthOf(bucket);
            }

            Assert.Equal(length, next);

            // Alignment may leave the last buckets shorter, or away; a gradient of a few floats cannot be shared out.
            Assert.True(owned.Max() - owned.Min() <= Math.Max(layout.LengthOf(0), 16L * silos * layout.Count), $"{string.Join(", ", owned)}");
        });

    [Fact]
    public void The_first_bucket_behind_an_offset_is_wholly_behind_it() =>
        Gen.Select(Gen.Int[1, 1_000_000], Gen.Int[1, 8], Gen.Int[0, 1_000_000]).Sample((length, silos, offset) =>
        {
            BucketLayout layout = new(length, silos);
            offset = Math.Min(offset, length);
            int first = layout.FirstBehind(offset);
            Assert.All(Enumerable.Range(0, layout.Count), bucket => Assert.Equal(bucket >= first, layout.Offset(bucket) >= offset));
        });

    [Fact]
    public void UltraServers_are_spread_evenly_in_contiguous_blocks() =>
        Gen.Select(Gen.Int[1, 300], Gen.Int[1, 40]).Sample((ultraServers, silos) =>
        {
            PlacementPlan plan = PlacementPlan.Even(ultraServers, [.. Enumerable.Range(0, silos).Select(s => $"{s}")]);
            Assert.Equal(Math.Min(ultraServers, silos), plan.Shares.Count);
            Assert.Equal(ultraServers, plan.UltraServers);
            Assert.True(plan.Shares.Max(s => s.Count) - plan.Shares.Min(s => s.Count) <= 1);
            int next = 0;
            foreach (SiloShare share in plan.Shares)
            {
                Assert.Equal(next, share.First);
                next += share.Count;
                Assert.Equal(share, plan.Shares[plan.PlaceOf(next - 1)]);
            }
        });
}
