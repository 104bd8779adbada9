using CsCheck;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Models.Tests;

public class StrictJsonTests
{
    private static readonly Gen<string> s_word = Gen.Char["abAB_"].Array[0, 7].Select(c => new string(c));

    [Theory]
    [InlineData("""{"layerz":1}""", "unknown key layerz; the nearest known key is layers")]
    [InlineData("""{"rope_scaling":{"faktor":8}}""", "unknown key rope_scaling.faktor; the nearest known key is rope_scaling.factor")]
    [InlineData("""{"layers":1,"layers":2}""", "the file")]
    [InlineData("""{"layers":"four"}""", "layers: the value is not of the right type")]
    [InlineData("""{"layers":"4"}""", "layers: the value is not of the right type")]
    [InlineData("""{"layers":1.5}""", "layers: the value is not of the right type")]
    [InlineData("""{"layers":99999999999}""", "layers: the value is not of the right type")]
    [InlineData("""{"family":"gptt"}""", "family takes mlp or gpt or llama, not gptt")]
    [InlineData("""{"family":1}""", "family: the value is not of the right type")]
    [InlineData("""{"sizes":[1,"x"]}""", "sizes[1]: the value is not of the right type")]
    [InlineData("""{"sizes":null}""", "sizes: null is not a value")]
    [InlineData("""[]""", "not of the right type")]
    [InlineData("""{"layers":1""", "the file")]
    [InlineData("""{"layers":1,}""", "the file")]
    [InlineData("", "the file")]
    [InlineData("null", "holds nothing")]
    [InlineData("""{"family":"\ud800"}""", "the file")]
    [InlineData("""{"\ud800":1}""", "half a character")]
    public void What_is_wrong_is_named(string json, string reason)
    {
        string message = Sentences.Refused(() => StrictJson.Read<NetworkDescription>(json, "the file"));
        Assert.StartsWith("the file", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_right_is_read()
    {
        NetworkDescription read = StrictJson.Read<NetworkDescription>("""{"family":"llama","key_value_heads":3,"rope_scaling":null,"sizes":[1,2]}""", "x");
        Assert.Equal((NetworkFamily.Llama, 3, null), (read.Family, read.KeyValueHeads, read.RopeScaling));
        Assert.Equal([1, 2], read.Sizes);
    }

    [Fact]
    public void A_distance_is_a_metric_but_for_case() => Gen.Select(s_word, s_word, s_word).Sample(
        (a, b, c) =>
        {
            int ab = NearestWord.Distance(a, b);
            Assert.Equal(ab, NearestWord.Distance(b, a));
            Assert.Equal(string.Equals(a, b, StringComparison.OrdinalIgnoreCase), ab == 0);
            Assert.True(NearestWord.Distance(a, c) <= ab + NearestWord.Distance(b, c));
            Assert.InRange(ab, Math.Abs(a.Length - b.Length), Math.Max(a.Length, b.Length));
        },
        iter: 3000, threads: 1);

    [Fact]
    public void Distances_that_everybody_knows()
    {
        Assert.Equal(3, NearestWord.Distance("kitten", "sitting"));
        Assert.Equal(4, NearestWord.Distance("", "four"));
        Assert.Equal("train", NearestWord.Of("TRIAN", ["data", "train", "spec"]));
        Assert.Empty(NearestWord.Of("x", []));
    }
}
