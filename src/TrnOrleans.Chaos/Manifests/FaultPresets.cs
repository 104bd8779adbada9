using TrnOrleans.Hardware;

namespace TrnOrleans.Chaos.Manifests;

/// <summary>Manifests that need no file.</summary>
public static class FaultPresets
{
    // Llama 3 405B, table 5: 16,384 GPUs, 54 days, 419 unexpected interruptions, which is one in 50,677 accelerator-hours; of them GPU 148,
    // HBM 72, SRAM 19, network 35. No figure for Trainium is public: assumed to be the same.
    private const double HoursBetween = 50_677;
    private const double Unexpected = 419;

    // Time-scaled: a kernel step here stands for so many hours of a chip, so that a run of hundreds of steps meets what months would bring.
    private const double HoursAStep = 100;

    private static readonly Dictionary<string, FaultManifest> s_presets = new(StringComparer.Ordinal)
    {
        ["smoke"] = new FaultManifest
        {
            Seed = 1,
            Faults =
            [
                new FaultRule { Kind = FaultKinds.ChipError.Name, Target = "0/0", AtStep = 2 },
                new FaultRule { Kind = FaultKinds.Straggler.Name, Target = "0/0", AtStep = 3 },
                new FaultRule { Kind = FaultKinds.LostReply.Name, Target = "0/0", AtStep = 4 },
                new FaultRule { Kind = FaultKinds.NotANumber.Name, Target = "0/0", AtStep = 5 },
                new FaultRule { Kind = FaultKinds.SwitchDown.Name, Target = "0", AtStep = 6 },
                new FaultRule { Kind = FaultKinds.Deactivate.Name, Target = "0", AtStep = 7 },
            ],
        },
        ["llama3"] = new FaultManifest
        {
            Seed = 3,
            Faults =
            [
                new FaultRule { Kind = FaultKinds.ChipError.Name, Rate = Rate(148 + 19), Status = NeuronStatus.HardwareError },
                new FaultRule { Kind = FaultKinds.HbmError.Name, Target = "*/0", Rate = Rate(72) },
                new FaultRule { Kind = FaultKinds.SwitchDown.Name, Rate = Rate(35) },
                new FaultRule { Kind = FaultKinds.Straggler.Name, Rate = Rate(6), Factor = 2 },
            ],
        },
        ["storm"] = new FaultManifest
        {
            Seed = 5,
            Faults =
            [
                new FaultRule { Kind = FaultKinds.ChipError.Name, Rate = 0.05 },
                new FaultRule { Kind = FaultKinds.Hang.Name, Rate = 0.002, Seconds = 0.5 },
                new FaultRule { Kind = FaultKinds.Straggler.Name, Rate = 0.01 },
                new FaultRule { Kind = FaultKinds.LostReply.Name, Rate = 0.001 },
                new FaultRule { Kind = FaultKinds.NotANumber.Name, Rate = 0.005 },
                new FaultRule { Kind = FaultKinds.SwitchDown.Name, Rate = 0.02 },
                new FaultRule { Kind = FaultKinds.Deactivate.Name, Rate = 0.01 },
                new FaultRule { Kind = FaultKinds.WireFlip.Name, Rate = 0.02 },
                new FaultRule { Kind = FaultKinds.DoubledBlock.Name, Rate = 0.02 },
                new FaultRule { Kind = FaultKinds.SlowLink.Name, Rate = 0.01, Seconds = 0.05 },
            ],
        },
    };

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names => s_presets.Keys;

    /// <summary>By name; null when there is none.</summary>
    public static FaultManifest? Find(string name) => s_presets.GetValueOrDefault(name);

    private static double Rate(double events) => HoursAStep / HoursBetween * events / Unexpected;
}
