using System.Reflection;
using System.Text;

namespace TrnOrleans.Models.Data;

/// <summary>The data set "source": this project's own source files, packed at build, in order of their paths.</summary>
public static class SourceText
{
    /// <summary>Its name.</summary>
    public const string Name = "source";

    private const string Prefix = "source/";

    /// <summary>All files, each behind a line with its path, with line feeds whatever the checkout had.</summary>
    public static byte[] Read()
    {
        Assembly assembly = typeof(SourceText).Assembly;
        StringBuilder text = new();
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using StreamReader reader = new(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
            text.Append("// ").Append(name.AsSpan(Prefix.Length)).Append('\n').Append(reader.ReadToEnd().ReplaceLineEndings("\n")).Append('\n');
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
