namespace TrnOrleans.Hardware.Fabrics;

/// <summary>How the ranks of a group are spread over the domains of a level.</summary>
/// <param name="Most">Ranks in the fullest domain.</param>
/// <param name="Fewest">Ranks in the emptiest that has any.</param>
/// <param name="Parts">Domains of the level inside, or chips, that have ranks, in the fullest domain: the group's size on the level.</param>
/// <param name="Domains">That have ranks.</param>
/// <param name="IsFacing">Whether every rank has one with its own address in each of the parts, so that a link between chips of one address joins the two.</param>
internal readonly record struct GroupSpread(int Most, int Fewest, int Parts, int Domains, bool IsFacing)
{
    // Domains in the middle repeat themselves after at most so many; a group over more of them is not looked at to the last.
    private const long MostLookedAt = 4096;

    /// <summary>Of a group that begins at a chip.</summary>
    /// <param name="chips">Of a domain.</param>
    /// <param name="inside">Of a domain of the level inside; 1 on the innermost.</param>
    /// <param name="group">The group.</param>
    /// <param name="first">Its first chip.</param>
    internal static GroupSpread Of(int chips, int inside, RankGroup group, long first)
    {
        (long ranks, long stride) = (group.Ranks, group.Stride);
        long firstDomain = first / chips;
        long lastDomain = (first + ((ranks - 1) * stride)) / chips;
        (long most, long fewest, long parts) = (0, long.MaxValue, 0);
        for (long domain = firstDomain; domain <= lastDomain; domain++)
        {
            long from = Math.Max(0, DividedUp((domain * chips) - first, stride));
            long to = Math.Min(ranks, DividedUp(((domain + 1) * chips) - first, stride));
            if (to > from)
            {
                long span = ((first + ((to - 1) * stride)) / inside) - ((first + (from * stride)) / inside) + 1;
                (most, fewest, parts) = (Math.Max(most, to - from), Math.Min(fewest, to - from), Math.Max(parts, Math.Min(to - from, span)));
            }

            // Where strides and domains fit into each other, all between the first two and the last are alike.
            bool repeats = domain == firstDomain + 2 && (chips % stride == 0 || stride % chips == 0);
            if (repeats || domain - firstDomain == MostLookedAt)
            {
                domain = Math.Max(domain, lastDomain - 2);
            }
        }

        long domains = stride >= chips ? ranks : lastDomain - firstDomain + 1;

        // One in each part, always at the same place; or all parts filled.
        bool isFacing = stride % inside == 0 || (inside % stride == 0 && first % inside < stride && ranks * stride % inside == 0);
        return new GroupSpread((int)most, (int)fewest, (int)parts, (int)domains, isFacing);
    }

    private static long DividedUp(long value, long by) => value <= 0 ? 0 : ((value + by - 1) / by);
}
