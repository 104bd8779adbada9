using System.Xml.Linq;

namespace TrnOrleans.Client.Tests;

/// <summary>Project references go downwards only.</summary>
public class DependencyTests
{
    public static TheoryData<string, string[]> Allowed => new()
    {
        { "TrnOrleans.Numerics", [] },
        { "TrnOrleans.Hardware", ["TrnOrleans.Models"] },
        { "TrnOrleans.Models", ["TrnOrleans.Numerics"] },
        { "TrnOrleans.Grains", ["TrnOrleans.Numerics", "TrnOrleans.Models", "TrnOrleans.Hardware"] },
        { "TrnOrleans.Chaos", ["TrnOrleans.Grains", "TrnOrleans.Hardware", "TrnOrleans.Models", "TrnOrleans.Numerics"] },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void A_library_refers_only_to_those_below_it(string name, string[] below)
    {
        string path = Path.Combine(Root(), "src", name, name + ".csproj");
        Assert.SkipWhen(name == "TrnOrleans.Chaos" && !File.Exists(path), "not there yet");
        Assert.Subset(below.ToHashSet(), References(path).ToHashSet());
    }

    [Fact]
    public void Every_library_is_known_here() => Assert.Subset(
        Allowed.Select(row => row.Data.Item1).ToHashSet(), Directory.EnumerateDirectories(Path.Combine(Root(), "src")).Where(d => Directory.EnumerateFiles(d, "*.csproj").Any()).Select(d => Path.GetFileName(d)!).ToHashSet());

    [Theory]
    [InlineData("silo")]
    [InlineData("client")]
    public void A_program_refers_to_libraries_only(string folder)
    {
        string[] references = [.. References(Directory.EnumerateFiles(Path.Combine(Root(), folder), "*.csproj").Single())];
        Assert.NotEmpty(references);
        Assert.All(references, name => Assert.True(Directory.Exists(Path.Combine(Root(), "src", name)), name));
    }

    [Theory]
    [InlineData("TrnOrleans.Numerics")]
    [InlineData("TrnOrleans.Hardware")]
    [InlineData("TrnOrleans.Models")]
    public void The_lower_libraries_know_nothing_of_orleans(string name) => Assert.DoesNotContain(
        XDocument.Load(Path.Combine(Root(), "src", name, name + ".csproj")).Descendants("PackageReference"),
        p => ((string?)p.Attribute("Include") ?? "").Contains("Orleans", StringComparison.Ordinal));

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(project).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(((string)r.Attribute("Include")!).Replace('\\', '/')));

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
