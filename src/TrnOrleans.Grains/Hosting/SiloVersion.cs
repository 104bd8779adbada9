using System.Reflection;

namespace TrnOrleans.Grains.Hosting;

/// <summary>Silos say their version in their name: programs of different versions would misunderstand each other's messages.</summary>
public static class SiloVersion
{
    private const string Program = "trn-silo";

    /// <summary>The version of this program.</summary>
    public static string Own { get; } =
        typeof(SiloVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>The name of a silo of this version.</summary>
    public static string NameOf(string host) => $"{Program} {Own} {host}";

    /// <summary>The version in a silo's name; the name itself when it has none.</summary>
    public static string In(string siloName) => siloName.Split(' ') is [Program, string version, ..] ? version : siloName;
}
