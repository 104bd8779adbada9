namespace TrnOrleans.Numerics.Measuring;

/// <summary>The kernels that training is made of, at sizes that runs have; activations also as kernels of their own, though products end with them.</summary>
public static class KernelCatalogue
{
    /// <summary>Names first, memory only when a case is created.</summary>
    public static IReadOnlyList<(KernelName Name, Func<KernelCase> Create)> All { get; } = [.. ProductCases.All(), .. RowCases.All(), .. ElementCases.All(), .. FormatCases.All()];

    /// <summary>Names of the kernels, each once.</summary>
    public static IEnumerable<string> Kernels => All.Select(c => c.Name.Kernel).Distinct();
}
