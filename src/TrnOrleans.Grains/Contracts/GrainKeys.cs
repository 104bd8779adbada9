namespace TrnOrleans.Grains.Contracts;

/// <summary>
/// Names of grains: "run", "run/generation/ultraserver", "run/generation/ultraserver/chip". A generation has grains of its own: what is left
/// of an older one, on whichever silo, can never be taken for them.
/// </summary>
public static class GrainKeys
{
    /// <summary>Key of an UltraServer and of its NeuronSwitch.</summary>
    public static string UltraServer(string run, int generation, int ultraServer) => $"{run}/{generation}/{ultraServer}";

    /// <summary>Key of a chip.</summary>
    /// <param name="run">The run.</param>
    /// <param name="generation">Fencing number.</param>
    /// <param name="ultraServer">Index of the UltraServer.</param>
    /// <param name="chip">Its place there.</param>
    /// <param name="spare">0 for the chip that was there first, 1 for the one that replaced it, and so on.</param>
    public static string Chip(string run, int generation, int ultraServer, int chip, int spare = 0) =>
        $"{run}/{generation}/{Place(ultraServer, chip, spare)}";

    /// <summary>A chip's place as people name it: "0/3", and "0/3+1" for its first replacement.</summary>
    public static string Place(int ultraServer, int chip, int spare = 0) => spare == 0 ? $"{ultraServer}/{chip}" : $"{ultraServer}/{chip}+{spare}";
}
