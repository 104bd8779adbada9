using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Planning;

/// <summary>A size of a cluster, and the best plan for it; null where none fits.</summary>
/// <param name="Chips">All.</param>
/// <param name="Batch">Sequences in a step.</param>
/// <param name="Best">The quickest.</param>
public sealed record ScalingPoint(long Chips, long Batch, Plan? Best);

/// <summary>The same training on clusters of growing size.</summary>
public static class Scaling
{
    /// <summary>The best plan of each size, doubling from the smallest to the largest.</summary>
    /// <param name="catalogue">Where machines are looked up.</param>
    /// <param name="system">Name.</param>
    /// <param name="fabric">Reading of its fabric, or null.</param>
    /// <param name="stack">Software, or null.</param>
    /// <param name="recipe">Formats.</param>
    /// <param name="work">What is trained.</param>
    /// <param name="from">Fewest chips.</param>
    /// <param name="to">Most chips.</param>
    /// <param name="batchOf">Sequences in a step, by systems.</param>
    /// <param name="choices">What is given of the layout.</param>
    /// <exception cref="InvalidDescriptionException">no such sizes.</exception>
    public static IReadOnlyList<ScalingPoint> Run(
        Catalogue catalogue, string system, string? fabric, string? stack, PrecisionRecipe recipe, Workload work, long from, long to, Func<long, long> batchOf, LayoutChoices choices)
    {
        int each = catalogue.System(system).ChipCount;
        if (from < 1 || to < from)
        {
            throw new InvalidDescriptionException($"a sweep goes from some chips to as many or more, not from {from:N0} to {to:N0}");
        }

        List<ScalingPoint> points = [];
        long systems = ((from - 1) / each) + 1;
        long last = to / each;
        if (last < systems)
        {
            throw new InvalidDescriptionException($"{system} has {each} chips: a sweep needs at least {systems * each:N0}");
        }

        while (true)
        {
            Machine machine = Machine.Of(catalogue, system, systems, fabric, stack);
            machine.Model(recipe, work);
            long batch = batchOf(systems);
            Plan? best = null;
            try
            {
                best = LayoutSearch.Run(machine, recipe, work, batch, choices, keep: 1) is { Best: [var quickest, ..] } ? quickest : null;
            }
            catch (InvalidDescriptionException) when (systems != last || points.Count > 0)
            {
                // Nothing multiplies out for this size; others may.
            }

            points.Add(new ScalingPoint(machine.Chips, batch, best));
            if (systems == last)
            {
                return points;
            }

            systems = Math.Min(2 * systems, last);
        }
    }
}
