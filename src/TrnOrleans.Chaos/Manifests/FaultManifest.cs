using TrnOrleans.Grains.Recovery;
using TrnOrleans.Hardware;
using TrnOrleans.Models.Descriptions;
using TrnOrleans.Models.Json;

namespace TrnOrleans.Chaos.Manifests;

/// <summary>What shall go wrong in a run, as data: the same manifest meets the same run with the same faults.</summary>
public sealed record FaultManifest
{
    /// <summary>Decides which of the rated faults strike.</summary>
    public ulong Seed { get; init; }

    /// <summary>What, where and when.</summary>
    public IReadOnlyList<FaultRule> Faults { get; init; } = [];

    /// <summary>Reads a manifest.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">For messages.</param>
    /// <exception cref="InvalidDescriptionException">it is none; one sentence.</exception>
    public static FaultManifest Read(string json, string source)
    {
        FaultManifest manifest = StrictJson.Read<FaultManifest>(json, source);
        foreach ((int index, FaultRule rule) in manifest.Faults.Index())
        {
            rule.Check($"{source}: fault {index + 1}");
        }

        return manifest;
    }

    /// <summary>Refuses targets that a machine does not have.</summary>
    /// <param name="ultraServers">How many there are.</param>
    /// <param name="chips">Chips in each.</param>
    /// <param name="source">For messages.</param>
    /// <exception cref="InvalidDescriptionException">one of them names an UltraServer or a chip that is not there.</exception>
    public void CheckTargets(int ultraServers, int chips, string source)
    {
        foreach ((int index, FaultRule rule) in Faults.Index())
        {
            FaultTarget target = FaultTarget.Parse(rule.Target, $"{source}: fault {index + 1}");
            if (target.UltraServer >= ultraServers || target.Chip >= chips)
            {
                throw new InvalidDescriptionException(
                    $"{source}: fault {index + 1}: there is no {rule.Target}; UltraServers are 0 to {ultraServers - 1}, and their chips 0 to {chips - 1}");
            }
        }
    }
}

/// <summary>One fault, or one kind of fault at a rate.</summary>
public sealed record FaultRule
{
    /// <summary>What: one of <see cref="FaultKinds.All"/>.</summary>
    public string Kind { get; init; } = string.Empty;

    /// <summary>Where: "ULTRASERVER/CHIP", with * for all of them, or "ULTRASERVER" where no chip is meant.</summary>
    public string Target { get; init; } = "*";

    /// <summary>The step that it strikes; or null, with a rate.</summary>
    public long? AtStep { get; init; }

    /// <summary>Share of the opportunities at which it strikes: kernel steps of a chip, steps of an UltraServer, blocks of a link.</summary>
    public double? Rate { get; init; }

    /// <summary>First step at which a rate counts.</summary>
    public long FromStep { get; init; }

    /// <summary>Last step at which a rate counts; null for the last of the run.</summary>
    public long? UntilStep { get; init; }

    /// <summary>At how many attempts at the step it strikes; 1 lets the second pass.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>How long what takes long takes.</summary>
    public double Seconds { get; init; } = 0.2;

    /// <summary>How many times as long a straggler takes.</summary>
    public double Factor { get; init; } = 3;

    /// <summary>What a chip reports.</summary>
    public NeuronStatus Status { get; init; } = NeuronStatus.ExecutionUnitUnrecoverable;

    /// <summary>When the run's own grain is lost; null for any moment.</summary>
    public RunMoment? Moment { get; init; }

    /// <exception cref="InvalidDescriptionException">it cannot be; one sentence.</exception>
    internal void Check(string where)
    {
        if (FaultKinds.Find(Kind) is not { } kind)
        {
            throw new InvalidDescriptionException($"{where}: there is no kind {Kind}; known are {string.Join(", ", FaultKinds.All.Select(k => k.Name))}");
        }

        Require(AtStep is null != Rate is null, "say either at_step or rate");
        Require(AtStep is null or >= 0, $"at_step is {AtStep}; steps begin with 0");
        Require(Rate is null or (> 0 and <= 1), $"rate is {Rate}; it must be above 0 and at most 1");
        Require(Attempts >= 1, $"attempts is {Attempts}; it must be at least 1");
        Require(Seconds is > 0 and <= 3600, $"seconds is {Seconds}; it must be above 0 and at most 3600");
        Require(Factor is >= 1 and <= 1000, $"factor is {Factor}; it must be between 1 and 1000");
        Require(FromStep >= 0 && (UntilStep is null || UntilStep >= FromStep), "until_step must not be before from_step");
        Require(Moment is null || (kind.Site == FaultSite.Conductor && Moment != RunMoment.Writing), "moment is for conductor_lost, and none of them is writing, which is store_unavailable");
        FaultTarget.Parse(Target, where);

        void Require(bool holds, string otherwise)
        {
            if (!holds)
            {
                throw new InvalidDescriptionException($"{where}: {otherwise}");
            }
        }
    }
}

/// <summary>Where a fault strikes; −1 stands for all.</summary>
/// <param name="UltraServer">Index.</param>
/// <param name="Chip">Index in the UltraServer.</param>
public readonly record struct FaultTarget(int UltraServer, int Chip)
{
    private const int All = -1;

    /// <summary>Reads "2/17", "*/0", "3/*", "1" or "*".</summary>
    /// <exception cref="InvalidDescriptionException">it is none of these.</exception>
    public static FaultTarget Parse(string text, string where)
    {
        string[] parts = text.Split('/');
        return parts.Length <= 2 && Part(parts[0]) is { } ultraServer && Part(parts.Length == 2 ? parts[1] : "*") is { } chip
            ? new FaultTarget(ultraServer, chip)
            : throw new InvalidDescriptionException($"{where}: the target {text} cannot be read; it is ULTRASERVER/CHIP such as 0/3, with * for all");

        static int? Part(string part) => part == "*" ? All : int.TryParse(part, System.Globalization.NumberStyles.None, null, out int index) ? index : null;
    }

    /// <summary>Whether it means a place. A chip that is named is the one that was there first, and not its replacement.</summary>
    public bool Means(FaultPlace place, FaultSite site) =>
        (UltraServer is All || UltraServer == place.UltraServer)
        && (Chip is All || (site == FaultSite.Chip && Chip == place.Chip && place.Spare == 0));
}

/// <summary>Where a call goes.</summary>
/// <param name="UltraServer">Index.</param>
/// <param name="Chip">Index in the UltraServer; of a link, which block.</param>
/// <param name="Spare">How often the chip there was replaced.</param>
public readonly record struct FaultPlace(int UltraServer, int Chip, int Spare = 0);
