using TrnOrleans.Grains.Collectives;
using TrnOrleans.Grains.Contracts;

namespace TrnOrleans.Grains;

/// <summary>Everything that a run must not forget when its grain moves to another silo.</summary>
[GenerateSerializer]
internal sealed class RunRecord
{
    /// <summary>The spec as JSON; null when nobody has started the run.</summary>
    [Id(0)]
    public string? Spec { get; set; }

    /// <summary>Files that the spec refers to.</summary>
    [Id(1)]
    public RunContent Content { get; set; } = RunContent.None;

    [Id(2)]
    public RunState State { get; set; }

    /// <summary>Fencing number of the generation that works, or is being prepared.</summary>
    [Id(3)]
    public int Generation { get; set; }

    /// <summary>The generation whose UltraServers have the replicas, and where they are.</summary>
    [Id(4)]
    public int PlacedGeneration { get; set; }

    [Id(5)]
    public PlacementPlan? Plan { get; set; }

    [Id(6)]
    public CommitLedger? Ledger { get; set; }

    [Id(7)]
    public DateTimeOffset Started { get; set; }

    /// <summary>Somebody asked for an end.</summary>
    [Id(8)]
    public bool StopAsked { get; set; }

    /// <summary>Of generations that are over.</summary>
    [Id(9)]
    public long StaleMessages { get; set; }

    /// <summary>Of generations that are over.</summary>
    [Id(10)]
    public List<LinkTraffic> Links { get; set; } = [];

    /// <summary>Silos that are about to stop: nothing new goes there.</summary>
    [Id(12)]
    public HashSet<string> Leaving { get; set; } = new(StringComparer.Ordinal);

    /// <summary>Whether this record was written last by a grain that gave up its place in order, and so knows everything.</summary>
    [Id(13)]
    public bool IsHandedOver { get; set; }

    /// <summary>How often the run has been laid out anew for a failure since its last committed step.</summary>
    [Id(14)]
    public int Failures { get; set; }

    /// <summary>Where numbers were none since the last committed step, step and chips, and in which generations.</summary>
    [Id(15)]
    public Dictionary<string, HashSet<int>> Divergences { get; set; } = new(StringComparer.Ordinal);

    [Id(16)]
    public RunOptions Options { get; set; } = RunOptions.None;

    /// <summary>Steps that cold starts have taken back.</summary>
    [Id(17)]
    public RepeatedSteps Repeats { get; set; }

    /// <summary>Places of chips that are not trusted any more, each with the generation in which that was found out.</summary>
    [Id(18)]
    public HashSet<(int Generation, string Place)> Quarantined { get; set; } = [];

    /// <summary>Whether the run is on its way back to a checkpoint, however many attempts that takes.</summary>
    [Id(19)]
    public bool IsCold { get; set; }

    /// <summary>Which activation of the run's grain has written this.</summary>
    [Id(20)]
    public Guid Writer { get; set; }

    /// <summary>Which telling of the events this is; a grain that was lost may have told more of them.</summary>
    [Id(21)]
    public Guid History { get; set; }

    /// <summary>Of generations that came to their end.</summary>
    [Id(22)]
    public WorkCount Work { get; set; }

    [Id(11)]
    public List<RunEvent> Events { get; set; } = [];
}
