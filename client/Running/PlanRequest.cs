using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Planning;

namespace TrnOrleans.Client.Running;

/// <summary>What `trn plan` was asked.</summary>
internal sealed record PlanRequest
{
    internal required Catalogue Catalogue { get; init; }

    internal required string ModelName { get; init; }

    internal required string System { get; init; }

    internal required long Systems { get; init; }

    internal required string? Fabric { get; init; }

    internal required string? Stack { get; init; }

    internal required PrecisionRecipe Recipe { get; init; }

    internal required Workload Work { get; init; }

    /// <summary>Sequences in a step.</summary>
    internal required long Batch { get; init; }

    internal required LayoutChoices Choices { get; init; }

    internal required bool IsSearch { get; init; }

    /// <summary>Fewest and most chips; null for one plan.</summary>
    internal required (long From, long To)? Sweep { get; init; }

    internal required bool IsStrong { get; init; }

    internal required string? PlotTo { get; init; }

    internal required double? Days { get; init; }

    internal required double? Tokens { get; init; }

    internal required bool HasFaults { get; init; }

    internal required bool Json { get; init; }
}
