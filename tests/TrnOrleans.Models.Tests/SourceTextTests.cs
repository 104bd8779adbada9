using System.Text;
using TrnOrleans.Models.Data;

namespace TrnOrleans.Models.Tests;

public class SourceTextTests
{
    [Fact]
    public void The_projects_own_text_is_packed_in_order_with_line_feeds_only()
    {
        byte[] bytes = SourceText.Read();
        Assert.Equal(bytes, SourceText.Read());
        string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        Assert.True(text.Length > 100_000);
        Assert.DoesNotContain('\r', text);
        Assert.DoesNotContain('\ufeff', text);
        string[] files = [.. text.Split('\n').Where(l => l.StartsWith("// src/", StringComparison.Ordinal) && l.EndsWith(".cs", StringComparison.Ordinal))];
        Assert.Contains("// src/TrnOrleans.Models/Data/SourceText.cs", files);
        Assert.Equal(files.Order(StringComparer.Ordinal), files);
        Assert.DoesNotContain(files, f => f.Contains("/obj/", StringComparison.Ordinal) || f.Contains("/bin/", StringComparison.Ordinal));
    }

    [Fact]
    public void It_is_a_data_set() => TextDataset.FromBytes("source", SourceText.Read(), 0.1).Check(Tiny.Gpt with { Vocabulary = 0 });
}
