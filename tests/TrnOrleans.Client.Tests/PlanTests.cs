using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using TrnOrleans.Tests;

namespace TrnOrleans.Client.Tests;

/// <summary>`trn plan`, `trn systems` and `trn validate` as a user meets them.</summary>
public sealed class PlanTests
{
    [Fact]
    public async Task A_plan_says_what_a_step_takes_and_how_well_that_is_known()
    {
        JsonElement plan = Assert.Single(await Trn.EventsAsync(["plan", "--model", "llama3-70b", "--ultraservers", "4", "--batch", "1152", "--tp", "8", "--json"]));
        Assert.Equal(576, plan.GetProperty("chips").GetInt32());
        Assert.Equal(8, plan.GetProperty("layout").GetProperty("tensor_parallel").GetInt32());
        double seconds = plan.GetProperty("step_seconds").GetDouble();
        Assert.Equal(seconds, plan.GetProperty("parts_seconds").EnumerateObject().Sum(p => p.Value.GetDouble()), 1e-9);
        Assert.Equal(1152 * 8192 / seconds, plan.GetProperty("tokens_per_second").GetDouble(), 1);
        Assert.InRange(plan.GetProperty("mfu").GetDouble(), 0.05, 0.9);
        Assert.Contains(plan.GetProperty("standing").EnumerateArray(), s => s.GetString()!.StartsWith("assumed: efficiencies", StringComparison.Ordinal));

        // Sources disagree on the fabric; the plan is for the first reading, and the roomiest is no slower.
        JsonElement readings = plan.GetProperty("step_seconds_by_fabric");
        Assert.Equal(seconds, readings.GetProperty("docs").GetDouble());
        Assert.True(readings.GetProperty("headline").GetDouble() < seconds);

        // Nothing has been measured on this chip, and so no error is known.
        Assert.Equal(JsonValueKind.Null, plan.GetProperty("error_percent").ValueKind);
    }

    [Fact]
    public async Task A_search_shows_layouts_none_of_which_beats_another_in_everything()
    {
        JsonElement plan = Assert.Single(await Trn.EventsAsync(["plan", "--model", "llama3-8b", "--batch", "288", "--search", "--json"]));
        (double Seconds, double Bytes)[] front =
            [.. plan.GetProperty("pareto_front").EnumerateArray().Select(p => (p.GetProperty("step_seconds").GetDouble(), p.GetProperty("memory_bytes_per_chip").GetDouble()))];
        Assert.True(front.Length > 1);
        Assert.DoesNotContain(front, a => front.Any(b => b.Seconds < a.Seconds && b.Bytes < a.Bytes));
        Assert.Equal(plan.GetProperty("step_seconds").GetDouble(), front[0].Seconds);
    }

    [Fact]
    public async Task A_sweep_is_drawn_and_the_drawing_is_xml()
    {
        using TempFolder folder = new();
        string plot = folder.At("plot.svg");
        JsonElement sweep = Assert.Single(await Trn.EventsAsync(["plan", "--model", "llama3-8b", "--batch", "144", "--sweep", "chips=144..1000", "--plot", plot, "--json"]));
        long[] chips = [.. sweep.GetProperty("points").EnumerateArray().Select(p => p.GetProperty("chips").GetInt64())];
        Assert.Equal([144, 288, 576, 864], chips);
        XElement svg = XElement.Parse(await File.ReadAllTextAsync(plot, TestContext.Current.CancellationToken));
        XElement line = svg.Elements().First(e => e.Name.LocalName == "polyline");
        Assert.Equal(4, line.Attribute("points")!.Value.Split(' ').Length);
        Assert.All(line.Attribute("points")!.Value.Split(' ', ','), n => Assert.InRange(double.Parse(n, CultureInfo.InvariantCulture), 0, 760));
    }

    [Fact]
    public async Task Time_to_train_grows_with_failures()
    {
        string[] arguments = ["plan", "--model", "llama3-405b", "--ultraservers", "64", "--batch", "2304", "--tokens", "1e12", "--json"];
        JsonElement without = Assert.Single(await Trn.EventsAsync(arguments)).GetProperty("training");
        JsonElement with = Assert.Single(await Trn.EventsAsync([.. arguments, "--faults", "llama3"])).GetProperty("training");
        Assert.Equal(1, without.GetProperty("goodput").GetDouble());
        Assert.InRange(with.GetProperty("goodput").GetDouble(), 0.5, 0.999);
        Assert.Equal(without.GetProperty("days").GetDouble(), with.GetProperty("days").GetDouble() * with.GetProperty("goodput").GetDouble(), 1e-6);
        Assert.True(with.GetProperty("failures").GetInt64() > 0);
    }

    [Fact]
    public async Task Validation_is_told_by_table()
    {
        JsonElement[] tables = [.. Assert.Single(await Trn.EventsAsync(["validate", "--json"])).EnumerateArray()];
        Assert.Contains(tables, t => t.GetProperty("table").GetString() == "korthikanti-2022-a100");
        Assert.All(tables, t =>
        {
            double[] errors = [.. t.GetProperty("errors").EnumerateArray().Select(e => Math.Abs(e.GetProperty("error_percent").GetDouble()))];
            Assert.Equal(errors.Average(), t.GetProperty("mean_absolute_percentage_error").GetDouble(), 1e-9);
            Assert.Equal(errors[0], t.GetProperty("worst").GetDouble(), 1e-9);
            Assert.Equal(t.GetProperty("rows").GetInt32(), errors.Length);
        });
        using TempFolder folder = new();
        await File.WriteAllTextAsync(folder.At("nccl-x4.csv"), "bytes,time_us\n1048576,51.4\n", TestContext.Current.CancellationToken);
        JsonElement own = Assert.Single(await Trn.EventsAsync(["validate", "--rows", folder.At("nccl-x4.csv"), "--json"]));
        Assert.Equal((1, 0), (own.GetProperty("rows").GetInt32(), own.GetProperty("calibration_rows").GetInt32()));
    }

    [Fact]
    public async Task Systems_are_listed_with_their_standing()
    {
        JsonElement systems = Assert.Single(await Trn.EventsAsync(["systems", "--json"]));
        Assert.Contains(systems.GetProperty("systems").EnumerateArray(), s => s.GetProperty("name").GetString() == "trn3-gen2");
        (string? Name, double Ratio, string? Known)[] ratios =
        [
            .. systems.GetProperty("ratios").EnumerateArray().Where(r => r.GetProperty("system").GetString() == "trn3-gen2")
                .Select(r => (r.GetProperty("name").GetString(), Math.Round(r.GetProperty("ratio").GetDouble(), 2), r.GetProperty("known").GetString())),
        ];
        Assert.Equal([("compute, FP8", 4.36, "official"), ("memory bandwidth", 3.8, "official"), ("memory", 3.38, "official"), ("energy efficiency", 4, "announced")], ratios);
    }

    [Theory]
    [InlineData(2, "say what is trained", "plan")]
    [InlineData(2, "there is no model nope", "plan", "--model", "nope")]
    [InlineData(2, "and there are 144 chips", "plan", "--model", "llama3-8b", "--tp", "7")]
    [InlineData(1, "short by", "plan", "--model", "llama3-405b", "--system", "trn1.32xl", "--batch", "16")]
    [InlineData(2, "a cluster of trn3-gen2 has from 1 to 6,944 of them", "plan", "--model", "llama3-8b", "--ultraservers", "1099511627776")]
    [InlineData(2, "a cluster of trn3-gen2 has from 1 to 6,944 of them", "plan", "--model", "llama3-8b", "--sweep", "chips=144..1099511627776")]
    [InlineData(2, "there is no system trn9", "plan", "--model", "llama3-8b", "--system", "trn9")]
    [InlineData(2, "it knows fp32, tf32, bf16, fp16", "plan", "--model", "llama3-8b", "--system", "dgx-a100", "--precision", "mxfp8")]
    [InlineData(2, "--ep is for models with experts", "plan", "--model", "llama3-8b", "--ep", "4")]
    [InlineData(2, "ZeRO has stages 0 to 3", "plan", "--model", "llama3-8b", "--zero", "4")]
    [InlineData(2, "it is such as chips=144..1000000", "plan", "--model", "llama3-8b", "--sweep", "144-1000")]
    [InlineData(2, "--faults needs --days or --tokens", "plan", "--model", "llama3-8b", "--faults", "llama3")]
    [InlineData(2, "does not divide into DP 144", "plan", "--model", "llama3-8b", "--micro-batch", "2147483647")]
    [InlineData(2, "does not divide", "plan", "--model", "llama3-8b", "--system", "trn1.32xl", "--pp", "4", "--interleave", "1073741824")]
    [InlineData(2, "--days is", "plan", "--model", "llama3-8b", "--days", "1e300")]
    [InlineData(2, "more than any machine has", "plan", "--model", "llama3-8b", "--batch", "9000000000000000000")]
    [InlineData(2, "it knows fp32, tf32, bf16, fp16", "plan", "--model", "llama3-8b", "--system", "dgx-a100", "--precision", "fp8", "--sweep", "chips=8..64")]
    [InlineData(2, "cannot read", "validate", "--rows", "/nowhere.csv")]
    [InlineData(2, "cannot read", "systems", "--catalogue", "/nowhere.json")]
    public async Task What_cannot_be_is_refused_in_one_sentence(int code, string sentence, params string[] arguments)
    {
        using TempFolder folder = new();
        Assert.Contains(sentence, await Trn.RefusedAsync(code, folder, arguments), StringComparison.Ordinal);
    }
}
