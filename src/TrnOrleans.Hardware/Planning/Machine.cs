using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Layouts;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Hardware.Steps;
using TrnOrleans.Models.Descriptions;

namespace TrnOrleans.Hardware.Planning;

/// <summary>A cluster that could be rented, with the software on it.</summary>
/// <param name="System">What it is made of.</param>
/// <param name="Systems">How many.</param>
/// <param name="Chip">In them.</param>
/// <param name="Stack">Software, and how well it does.</param>
/// <param name="Fabric">What joins the chips.</param>
public sealed record Machine(MachineSystem System, long Systems, Chip Chip, SoftwareStack Stack, Fabric Fabric)
{
    /// <summary>All of them.</summary>
    public long Chips => Systems * System.ChipCount;

    /// <summary>Looks everything up.</summary>
    /// <param name="catalogue">Where.</param>
    /// <param name="system">Name.</param>
    /// <param name="systems">How many.</param>
    /// <param name="fabric">Reading of the fabric; null for the first.</param>
    /// <param name="stack">Name; null for the chip's first.</param>
    /// <exception cref="InvalidDescriptionException">a name is not known, or there are no so large clusters.</exception>
    public static Machine Of(Catalogue catalogue, string system, long systems, string? fabric = null, string? stack = null)
    {
        MachineSystem found = catalogue.System(system);
        SoftwareStack software = catalogue.Stack(stack, found.Chip);
        return new Machine(found, systems, catalogue.Chip(found.Chip), software, new Fabric(found, fabric, systems, software));
    }

    /// <summary>What costs steps of some work on it.</summary>
    /// <exception cref="InvalidDescriptionException">the chip does not know the recipe's format.</exception>
    public StepModel Model(PrecisionRecipe recipe, Workload work) => new(System, Chip, Stack, Fabric, recipe, work);
}
