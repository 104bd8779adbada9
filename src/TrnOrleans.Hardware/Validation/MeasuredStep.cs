using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Steps;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Validation;

/// <summary>A training step that somebody timed, as far as it was published.</summary>
/// <param name="System">Machine.</param>
/// <param name="Stack">Software.</param>
/// <param name="Precision">Recipe.</param>
/// <param name="Work">What was trained.</param>
/// <param name="Batch">Sequences in a step.</param>
/// <param name="Layouts">How it was laid out; several where it was not said in full, and the quickest that fits is taken.</param>
internal sealed record MeasuredStep(string System, string Stack, string Precision, Workload Work, long Batch, IReadOnlyList<Layout> Layouts)
{
    /// <summary>Seconds that the model says.</summary>
    /// <exception cref="InvalidDescriptionException">no layout multiplies out.</exception>
    internal double Seconds(Catalogue catalogue)
    {
        MachineSystem system = catalogue.System(System);
        Chip chip = catalogue.Chip(system.Chip);
        SoftwareStack stack = catalogue.Stack(Stack, system.Chip);
        PrecisionRecipe recipe = PrecisionRecipe.Of(Precision);
        double best = double.PositiveInfinity;
        double bestThatFits = double.PositiveInfinity;
        string? wrong = null;
        foreach (Layout layout in Layouts)
        {
            if (layout.WhatIsWrong(layout.Chips, Work, Batch) is { } reason)
            {
                wrong = reason;
                continue;
            }

            Fabric fabric = new(system, null, (layout.Chips + system.ChipCount - 1) / system.ChipCount, stack);
            StepCost cost = new StepModel(system, chip, stack, fabric, recipe, Work).Evaluate(layout, Batch);
            best = Math.Min(best, cost.Seconds);
            if (cost.Fits)
            {
                bestThatFits = Math.Min(bestThatFits, cost.Seconds);
            }
        }

        return double.IsFinite(bestThatFits) ? bestThatFits : double.IsFinite(best) ? best : throw new InvalidDescriptionException(wrong ?? "there is no layout");
    }
}
