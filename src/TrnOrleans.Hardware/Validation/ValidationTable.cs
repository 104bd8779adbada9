using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Validation;

/// <summary>A table of measurements that the model can be held against.</summary>
/// <param name="Name">Of its file.</param>
/// <param name="Source">Who measured.</param>
/// <param name="Others">What others' models reach on it; empty where none is published.</param>
/// <param name="Rows">Its measurements.</param>
public sealed record ValidationTable(string Name, string Source, string Others, IReadOnlyList<Measurement> Rows)
{
    /// <summary>Every row against the model, worst first.</summary>
    /// <exception cref="InvalidDescriptionException">a row cannot be modelled; it is named.</exception>
    public IReadOnlyList<Deviation> Against(Catalogue catalogue) =>
        [.. Rows.Select(row => new Deviation(row, Modelled(row, catalogue))).OrderByDescending(d => Math.Abs(d.Error))];

    private double Modelled(Measurement row, Catalogue catalogue)
    {
        try
        {
            return row.Modelled(catalogue);
        }
        catch (InvalidDescriptionException error)
        {
            throw new InvalidDescriptionException($"{Name}, {row.Label}: {error.Message}", error);
        }
    }

    /// <summary>Mean of the absolute errors, in percent.</summary>
    public static double MeanError(IEnumerable<Deviation> deviations) => 100 * deviations.Average(d => Math.Abs(d.Error));

    /// <summary>Median of the absolute errors, in percent.</summary>
    public static double MedianError(IEnumerable<Deviation> deviations)
    {
        double[] sorted = [.. deviations.Select(d => Math.Abs(d.Error)).Order()];
        return 100 * (sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2);
    }
}
