using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Machines;

/// <summary>Refuses figures with which no time can be computed.</summary>
internal static class CatalogueCheck
{
    /// <exception cref="InvalidDescriptionException">something is null, or there twice.</exception>
    internal static void CheckNames(Catalogue catalogue, string source)
    {
        bool hasNull = catalogue.Chips.Any(c => c is null || c.PeakTeraflops.Values.Any(p => p is null)) || catalogue.Systems.Any(s => s?.AnnouncedRatios.Any(r => r is null) == true) || catalogue.Stacks.Any(s => s is null)
            || catalogue.Systems.Any(s => s is null || s.Fabrics.Values.Any(f => f is null || f.Any(l => l is null)));
        if (hasNull)
        {
            throw new InvalidDescriptionException($"{source}: null is not a value here; leave it out");
        }

        IEnumerable<string> names = catalogue.Chips.Select(c => $"chip {c.Name}").Concat(catalogue.Systems.Select(s => $"system {s.Name}")).Concat(catalogue.Stacks.Select(s => $"stack {s.Name} for {s.Chip}"));
        if (names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new InvalidDescriptionException($"{source}: the {twice.Key} is there twice");
        }
    }

    /// <exception cref="InvalidDescriptionException">one sentence about the first that is wrong.</exception>
    internal static void Check(Catalogue catalogue, string source)
    {
        foreach (Chip chip in catalogue.Chips)
        {
            foreach ((string format, Figure peak) in chip.PeakTeraflops)
            {
                Require(Enum.GetValues<ComputeFormat>().Any(f => Chip.Word(f) == format), chip.Name, "peak_teraflops", $"there is no format {format}");
                Positive(chip.Name, $"peak_teraflops.{format}", peak);
            }

            Require(chip.Peak(ComputeFormat.Bf16) is not null, chip.Name, "peak_teraflops", "bf16 must be there: attention is computed in it");
            Positive(chip.Name, "memory_gibibytes", chip.MemoryGibibytes);
            Positive(chip.Name, "memory_terabytes_per_second", chip.MemoryTerabytesPerSecond);
            Positive(chip.Name, "vector_teraflops", chip.VectorTeraflops);
            Positive(chip.Name, "power_watts", chip.PowerWatts);
            Positive(chip.Name, "logical_cores", chip.LogicalCores);
        }

        foreach (MachineSystem system in catalogue.Systems)
        {
            Require(catalogue.Chips.Any(c => c.Name == system.Chip), system.Name, "chip", $"there is no chip {system.Chip}");
            Positive(system.Name, "chips", system.Chips);
            Require(system.Chips.Value == system.ChipCount, system.Name, "chips", $"{system.Chips.Value} is not a whole number");
            Positive(system.Name, "sled_chips", system.SledChips);
            Positive(system.Name, "network.gigabytes_per_second", system.Network.GigabytesPerSecond);
            NotNegative(system.Name, "network.latency_microseconds", system.Network.LatencyMicroseconds);
            Positive(system.Name, "network.most_chips", system.Network.MostChips);
            Require(system.Network.MostChips.Value <= int.MaxValue, system.Name, "network.most_chips", $"{system.Network.MostChips.Value:N0} is more than can be counted");
            Require(system.Fabrics.Count > 0, system.Name, "fabrics", "there must be at least one");
            foreach (AnnouncedRatio ratio in system.AnnouncedRatios)
            {
                Require(catalogue.Systems.Any(s => s.Name == ratio.Over), system.Name, "announced_ratios", $"there is no system {ratio.Over}");
                Positive(system.Name, "announced_ratios", ratio.Ratio);
            }

            if (system.DollarsPerHour is { } price)
            {
                NotNegative(system.Name, "dollars_per_hour", price);
            }

            foreach ((string name, IReadOnlyList<FabricLevel> levels) in system.Fabrics)
            {
                int inside = 1;
                foreach (FabricLevel level in levels)
                {
                    string place = $"fabrics.{name}.{level.Name}";
                    Require(level.Chips > inside && level.Chips % inside == 0, system.Name, $"{place}.chips", $"{level.Chips} is not a multiple of the {inside} chips inside it");
                    int places = level.Chips / inside;
                    Require(level.Shape != FabricShape.Torus || Link.Height(places) > 1, system.Name, $"{place}.shape", $"{places} places make no torus of rows and columns; a ring, perhaps");
                    Require(level.Shape != FabricShape.Direct || places == 2, system.Name, $"{place}.shape", $"direct links join two halves, not {places} parts");
                    Positive(system.Name, $"{place}.gigabytes_per_second", level.GigabytesPerSecond);
                    NotNegative(system.Name, $"{place}.latency_microseconds", level.LatencyMicroseconds);
                    inside = level.Chips;
                }

                Require(levels.Select(l => l.Name).Append(system.Network.Name).Distinct(StringComparer.Ordinal).Count() == levels.Count + 1, system.Name, $"fabrics.{name}", "two levels, or a level and the network, have one name");
                Require(inside == system.ChipCount, system.Name, $"fabrics.{name}", $"its last level joins {inside} chips, and the system has {system.ChipCount}");
            }
        }

        foreach (SoftwareStack stack in catalogue.Stacks)
        {
            Require(catalogue.Chips.Any(c => c.Name == stack.Chip), stack.Name, "chip", $"there is no chip {stack.Chip}");
            foreach ((string name, double value) in new[]
            {
                ("tensor_efficiency", stack.TensorEfficiency), ("attention_efficiency", stack.AttentionEfficiency), ("fabric_efficiency", stack.FabricEfficiency),
                ("network_efficiency", stack.NetworkEfficiency),
            })
            {
                Require(value is > 0 and <= 1, stack.Name, name, $"{value} is not a share above 0 and at most 1");
            }

            foreach ((string name, double value) in new[]
            {
                ("half_rows", stack.HalfRows), ("half_columns", stack.HalfColumns), ("bytes_per_score", stack.BytesPerScore), ("bytes_per_value", stack.BytesPerValue),
                ("forward_floor_seconds", stack.ForwardFloorSeconds), ("backward_floor_seconds", stack.BackwardFloorSeconds), ("collective_seconds", stack.CollectiveSeconds),
                ("optimizer_bytes_per_parameter", stack.OptimizerBytesPerParameter), ("step_seconds", stack.StepSeconds), ("small_group_loss", stack.SmallGroupLoss),
            })
            {
                Require(value >= 0 && double.IsFinite(value), stack.Name, name, $"{value} is below 0");
            }

            foreach ((string name, double value) in new[]
            {
                ("pipeline_exposed", stack.PipelineExposed), ("data_parallel_exposed", stack.DataParallelExposed), ("size_exponent", stack.SizeExponent),
            })
            {
                Require(value is >= 0 and <= 1, stack.Name, name, $"{value} is not a share from 0 to 1");
            }

            Require(
                stack.Algorithms.Count == 0 || stack.Algorithms.Contains(CollectiveAlgorithm.Ring), stack.Name, "algorithms",
                "ring must be among them: the others are not for all numbers of chips on all fabrics");
        }

        void Positive(string who, string what, Figure figure) => Require(figure.Value > 0 && double.IsFinite(figure.Value), who, what, $"{figure.Value} is not above 0");

        void NotNegative(string who, string what, Figure figure) => Require(figure.Value >= 0 && double.IsFinite(figure.Value), who, what, $"{figure.Value} is below 0");

        void Require(bool holds, string who, string what, string otherwise)
        {
            if (!holds)
            {
                throw new InvalidDescriptionException($"{source}: {who}: {what}: {otherwise}");
            }
        }
    }
}
