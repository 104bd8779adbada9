using System.Text.Json;
using TrnOrleans.Hardware.Fabrics;
using TrnOrleans.Hardware.Machines;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Hardware.Tests.Machines;

public sealed class CatalogueTests
{
    /// <summary>Figures of whole systems, as AWS states them, from those of the chips.</summary>
    [Theory]
    [InlineData("trn1.32xl", 16, 3040, 3040, 512, 13.1)]
    [InlineData("trn2.48xl", 16, 10700, 20800, 1536, 46.4)]
    [InlineData("trn2-ultraserver", 64, 42800, 83200, 6144, 185.6)]
    [InlineData("trn3-gen1", 64, 42944, 161088, 9216, 313.6)]
    [InlineData("trn3-gen2", 144, 96624, 362448, 20736, 705.6)]
    public void Systems_have_what_AWS_states(string name, int chips, double bf16, double fp8, double gibibytes, double terabytesPerSecond)
    {
        MachineSystem system = Catalogue.BuiltIn.System(name);
        Chip chip = Catalogue.BuiltIn.Chip(system.Chip);
        Assert.Equal(chips, system.ChipCount);
        Assert.Equal(bf16, chips * chip.PeakTeraflops["bf16"].Value, 0.003 * bf16);
        Assert.Equal(fp8, chips * chip.PeakTeraflops["fp8"].Value, 0.003 * fp8);
        Assert.Equal(gibibytes, chips * chip.MemoryGibibytes.Value);
        Assert.Equal(terabytesPerSecond, chips * chip.MemoryTerabytesPerSecond.Value, 0.003 * terabytesPerSecond);
    }

    [Fact]
    public void Gen2_stands_to_the_Trn2_UltraServer_as_announced()
    {
        Chip now = Catalogue.BuiltIn.Chip("trn3");
        Chip before = Catalogue.BuiltIn.Chip("trn2");
        const double Chips = 144.0 / 64;
        Assert.Equal(4.4, Chips * now.PeakTeraflops["fp8"].Value / before.PeakTeraflops["fp8"].Value, 0.05);
        Assert.Equal(3.8, Chips * now.MemoryTerabytesPerSecond.Value / before.MemoryTerabytesPerSecond.Value, 0.05);
        Assert.Equal(3.375, Chips * now.MemoryGibibytes.Value / before.MemoryGibibytes.Value);
    }

    [Fact]
    public void Every_figure_says_where_it_comes_from() => Assert.All(
        Catalogue.BuiltIn.Chips.SelectMany(c => c.PeakTeraflops.Values.Append(c.MemoryGibibytes).Append(c.MemoryTerabytesPerSecond).Append(c.VectorTeraflops).Append(c.PowerWatts).Append(c.LogicalCores))
            .Concat(Catalogue.BuiltIn.Systems.SelectMany(s => s.Fabrics.Values.SelectMany(f => f).SelectMany(l => new[] { l.GigabytesPerSecond, l.LatencyMicroseconds })
                .Append(s.Chips).Append(s.SledChips).Append(s.Network.GigabytesPerSecond).Append(s.Network.LatencyMicroseconds).Append(s.Network.MostChips).Concat(s.AnnouncedRatios.Select(r => r.Ratio)))),
        figure => Assert.False(string.IsNullOrWhiteSpace(figure.Source)));

    [Fact]
    public void A_users_system_stands_beside_those_that_are_known()
    {
        Catalogue more = Catalogue.BuiltIn.With(System("25", "1.5"), "mine.json");
        Assert.Equal(8, more.System("mine").ChipCount);
        Assert.Equal(Catalogue.BuiltIn.Systems.Count + 1, more.Systems.Count);
        Assert.True(new Fabric(more.System("mine"), null, 2).Time(CollectiveOperation.AllReduce, 1e6, new RankGroup(16, 1)).Seconds > 0);
    }

    [Theory]
    [InlineData("""{"chps":[]}""", "unknown key chps; the nearest known key is chips")]
    [InlineData("""{"chips":[null]}""", "null is not a value")]
    [InlineData("half a figure", "missing required properties")]
    [InlineData("twice", "is there twice")]
    [InlineData("0 bandwidth", "fabrics.docs.node.gigabytes_per_second: 0 is not above 0")]
    [InlineData("ratio over nothing", "there is no system nothing")]
    [InlineData("negative price", "dollars_per_hour: -1 is below 0")]
    [InlineData("a torus of seven", "fabrics.docs.node.shape: 7 places make no torus")]
    [InlineData("eight halves", "fabrics.docs.node.shape: direct links join two halves, not 8 parts")]
    [InlineData("""{"systems":[{"name":"x"}]}""", "missing required properties")]
    [InlineData("""{"chips":[{"name":"x","summary":"x","peak_teraflops":{"fp7":{"value":1,"known":"official","source":"x"}},"memory_gibibytes":{"value":1,"known":"official","source":"x"},"memory_terabytes_per_second":{"value":1,"known":"official","source":"x"},"vector_teraflops":{"value":1,"known":"official","source":"x"},"power_watts":{"value":1,"known":"official","source":"x"},"logical_cores":{"value":1,"known":"official","source":"x"}}]}""", "there is no format fp7")]
    public void A_catalogue_with_which_nothing_can_be_computed_is_refused(string json, string sentence)
    {
        const string Over = "\"announced_ratios\":[{\"of\":\"memory\",\"over\":\"nothing\",\"ratio\":{\"value\":2,\"known\":\"announced\",\"source\":\"x\"},\"stated\":\"2×\"}],";
        string text = json switch
        {
            "ratio over nothing" => Replaced("\"name\":\"mine\",", $"\"name\":\"mine\",{Over}"),
            "0 bandwidth" => System("0", "1"),
            "negative price" => System("1", "-1"),
            "half a figure" => Replaced("\"value\":4,\"known\":\"assumed\"", "\"value\":4"),
            "twice" => Twice(),
            "a torus of seven" => System("1", "1", shape: "torus", chips: 7),
            "eight halves" => System("1", "1", shape: "direct"),
            _ => json,
        };
        InvalidDescriptionException error = Assert.Throws<InvalidDescriptionException>(() => Catalogue.BuiltIn.With(text, "mine.json"));
        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);

        static string Replaced(string part, string with) => System("1", "1").Replace(part, with, StringComparison.Ordinal);
    }

    /// <summary>Halving and doubling is for powers of two, a mesh for few neighbours: a group of another kind would take for ever.</summary>
    [Fact]
    public void Software_without_a_ring_is_refused()
    {
        SoftwareStack stack = Catalogue.BuiltIn.Stack(null, "trn2") with { Name = "mine", Algorithms = [CollectiveAlgorithm.Mesh, CollectiveAlgorithm.HalvingDoubling] };
        string text = $$"""{"stacks":[{{JsonSerializer.Serialize(stack, StrictJson.Options)}}]}""";
        Assert.Contains("ring must be among them", Assert.Throws<InvalidDescriptionException>(() => Catalogue.BuiltIn.With(text, "mine.json")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_name_is_answered_with_the_nearest() =>
        Assert.Contains("the nearest is trn3-gen2", Assert.Throws<InvalidDescriptionException>(() => Catalogue.BuiltIn.System("trn3gen2")).Message, StringComparison.Ordinal);

    private static string Twice()
    {
        string one = System("1", "1").Trim();
        string inner = one["{\"systems\":[".Length..^2];
        return $"{{\"systems\":[{inner},{inner}]}}";
    }

    private static string System(string bandwidth, string price, string shape = "switch", int chips = 8)
    {
        static string Figure(string value) => $$"""{"value":{{value}},"known":"assumed","source":"mine"}""";
        return $$"""
            {"systems":[{"name":"mine","summary":"mine","chip":"trn3","chips":{{Figure($"{chips}")}},"sled_chips":{{Figure("4")}},
            "fabrics":{"docs":[{"name":"node","chips":{{chips}},"shape":"{{shape}}","gigabytes_per_second":{{Figure(bandwidth)}},"latency_microseconds":{{Figure("1")}}}]},
            "network":{"name":"net","gigabytes_per_second":{{Figure("1")}},"latency_microseconds":{{Figure("1")}},"most_chips":{{Figure("100")}}},"dollars_per_hour":{{Figure(price)}}}]}
            """;
    }
}
