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
    public static string Chip(string run, int generation, int ultraServer, int chip) => $"{run}/{generation}/{ultraServer}/{chip}";
}
