using System.Text.Json;
using TrnOrleans.Chaos.Injection;
using TrnOrleans.Chaos.Manifests;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Chaos.Tests;

/// <summary>What a manifest means, and what is refused in one sentence.</summary>
public sealed class FaultManifestTests
{
    [Theory]
    [InlineData("""{"faults":[{"kind":"meteor","at_step":1}]}""", "there is no kind meteor")]
    [InlineData("""{"faults":[{"kind":"hang","rate":1.5}]}""", "rate is 1.5")]
    [InlineData("""{"faults":[{"kind":"hang","rate":0}]}""", "rate is 0")]
    [InlineData("""{"faults":[{"kind":"hang"}]}""", "either at_step or rate")]
    [InlineData("""{"faults":[{"kind":"hang","rate":0.1,"at_step":3}]}""", "either at_step or rate")]
    [InlineData("""{"faults":[{"kind":"hang","at_step":-1}]}""", "at_step is -1")]
    [InlineData("""{"faults":[{"kind":"hang","at_step":1,"target":"a/b"}]}""", "target a/b cannot be read")]
    [InlineData("""{"faults":[{"kind":"hang","at_step":1,"target":"1/2/3"}]}""", "cannot be read")]
    [InlineData("""{"faults":[{"kind":"hang","at_step":1,"seconds":-3}]}""", "seconds is -3")]
    [InlineData("""{"faults":[{"kind":"straggler","at_step":1,"factor":0.5}]}""", "factor is 0.5")]
    [InlineData("""{"faults":[{"kind":"hang","rate":0.5,"from_step":5,"until_step":4}]}""", "until_step")]
    [InlineData("""{"faults":[{"kind":"hang","at_stepp":1}]}""", "unknown key")]
    [InlineData("""{"faults":[""", "m.json")]
    public void What_cannot_be_is_refused(string json, string why)
    {
        InvalidDescriptionException error = Assert.Throws<InvalidDescriptionException>(() => FaultManifest.Read(json, "m.json"));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2/0", true)]
    [InlineData("0/3", true)]
    [InlineData("1/2", false)]
    [InlineData("*", false)]
    public void Targets_must_be_on_the_machine(string target, bool refused)
    {
        FaultManifest manifest = new() { Faults = [new FaultRule { Kind = "hang", AtStep = 1, Target = target }] };
        InvalidDescriptionException? error = Record.Exception(() => manifest.CheckTargets(2, 3, "m.json")) as InvalidDescriptionException;
        Assert.Equal(refused, error is not null);
    }

    [Fact]
    public void Presets_are_manifests()
    {
        foreach (string name in FaultPresets.Names)
        {
            FaultManifest preset = FaultPresets.Find(name)!;
            FaultManifest read = FaultManifest.Read(JsonSerializer.Serialize(preset, StrictJson.Options), name);
            Assert.Equal((preset.Seed, preset.Faults.Count), (read.Seed, read.Faults.Count));
            Assert.Equal(preset.Faults, read.Faults);
        }
    }

    [Fact]
    public void A_fault_at_a_step_strikes_there_and_at_so_many_attempts()
    {
        FaultSchedule schedule = new(new FaultManifest { Faults = [new FaultRule { Kind = "chip_error", Target = "1/*", AtStep = 4, Attempts = 2 }] });
        (int UltraServer, int Chip, long Step, int Attempt)[] hits =
        [
            .. from ultraServer in Enumerable.Range(0, 3) from chip in Enumerable.Range(0, 2) from step in Enumerable.Range(0, 9) from attempt in Enumerable.Range(0, 5)
               where schedule.Strikes(FaultSite.Chip, new FaultPlace(ultraServer, chip), step, attempt) is not null
               select (ultraServer, chip, (long)step, attempt),
        ];
        Assert.Equal([(1, 0, 4, 0), (1, 0, 4, 1), (1, 1, 4, 0), (1, 1, 4, 1)], hits);
        Assert.Null(schedule.Strikes(FaultSite.UltraServer, new FaultPlace(1, 0), 4, 0));
    }

    [Fact]
    public void A_fault_of_a_chip_does_not_go_over_to_its_replacement()
    {
        FaultSchedule one = new(new FaultManifest { Faults = [new FaultRule { Kind = "chip_error", Target = "1/0", AtStep = 4 }] });
        Assert.NotNull(one.Strikes(FaultSite.Chip, new FaultPlace(1, 0), 4, 0));
        Assert.Null(one.Strikes(FaultSite.Chip, new FaultPlace(1, 0, Spare: 1), 4, 0));
        FaultSchedule all = new(new FaultManifest { Faults = [new FaultRule { Kind = "chip_error", AtStep = 4 }] });
        Assert.NotNull(all.Strikes(FaultSite.Chip, new FaultPlace(1, 0, Spare: 1), 4, 0));
    }
}
