namespace TrnOrleans.Grains.Contracts;

/// <summary>Names of grains: "run", "run/ultraserver", "run/ultraserver/chip".</summary>
public static class GrainKeys
{
    /// <summary>Key of an UltraServer and of its NeuronSwitch.</summary>
    public static string UltraServer(string run, int ultraServer) => $"{run}/{ultraServer}";

    /// <summary>Key of a chip.</summary>
    public static string Chip(string run, int ultraServer, int chip) => $"{run}/{ultraServer}/{chip}";
}
