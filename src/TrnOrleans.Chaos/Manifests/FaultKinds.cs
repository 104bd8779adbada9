namespace TrnOrleans.Chaos.Manifests;

/// <summary>Where a fault can strike.</summary>
public enum FaultSite
{
    /// <summary>A chip's kernel step: target "ULTRASERVER/CHIP".</summary>
    Chip,

    /// <summary>An UltraServer, its switch or its silo: target "ULTRASERVER".</summary>
    UltraServer,

    /// <summary>A message between silos: target "ULTRASERVER" of the receiver.</summary>
    Link,

    /// <summary>A write of the run's own record; it has no target.</summary>
    Store,

    /// <summary>The run's own grain; it has no target, and moments instead.</summary>
    Conductor,
}

/// <summary>What can be done to a run.</summary>
/// <param name="Name">As manifests name it.</param>
/// <param name="Site">Where it strikes.</param>
/// <param name="Description">One sentence.</param>
/// <param name="IsFound">Whether the run must notice it; the others only cost time.</param>
/// <param name="IsCorruption">Whether it changes bits without an error from anybody.</param>
/// <param name="NeedsPermission">Whether the silo must have been started with --allow-chaos.</param>
public sealed record FaultKind(string Name, FaultSite Site, string Description, bool IsFound, bool IsCorruption = false, bool NeedsPermission = false);

/// <summary>All kinds of faults.</summary>
public static class FaultKinds
{
    public static FaultKind ChipError { get; } = new("chip_error", FaultSite.Chip, "The chip reports a Neuron status (`status`) instead of computing.", IsFound: true);

    public static FaultKind Hang { get; } = new("hang", FaultSite.Chip, "The chip does not answer for `seconds`.", IsFound: false);

    public static FaultKind Straggler { get; } = new("straggler", FaultSite.Chip, "The chip takes `factor` times as long.", IsFound: false);

    public static FaultKind LostRequest { get; } = new("lost_request", FaultSite.Chip, "The order to compute is lost on its way to the chip.", IsFound: true);

    public static FaultKind LostReply { get; } = new("lost_reply", FaultSite.Chip, "The chip computes, and its answer is lost.", IsFound: true);

    public static FaultKind NotANumber { get; } = new("nan", FaultSite.Chip, "The chip's loss comes out as NaN.", IsFound: true);

    public static FaultKind HbmError { get; } = new("hbm_error", FaultSite.Chip, "The chip's memory has an error that cannot be corrected: its shard is lost.", IsFound: true);

    public static FaultKind ComputeFlip { get; } = new("bit_flip_compute", FaultSite.Chip, "The chip computes one bit of its gradient wrong; `--verify` finds it.", IsFound: true, IsCorruption: true);

    public static FaultKind ShardFlip { get; } = new("bit_flip_shard", FaultSite.Chip, "A bit of the chip's weights or optimizer state changes in memory; `--verify` finds it.", IsFound: true, IsCorruption: true);

    public static FaultKind SwitchDown { get; } = new("switch_down", FaultSite.UltraServer, "The NeuronSwitch fails in the middle of a step.", IsFound: true);

    public static FaultKind Deactivate { get; } = new("deactivate", FaultSite.UltraServer, "The NeuronSwitch's grain is deactivated in the middle of a step.", IsFound: false);

    public static FaultKind UltraServerLost { get; } = new("ultraserver_lost", FaultSite.UltraServer, "The UltraServer's own grain is deactivated in the middle of a step.", IsFound: true);

    public static FaultKind SiloKill { get; } = new("silo_kill", FaultSite.UltraServer, "The process of the UltraServer's silo is killed.", IsFound: true, NeedsPermission: true);

    public static FaultKind WireFlip { get; } = new("bit_flip_wire", FaultSite.Link, "A bit of a block changes on its way to another silo.", IsFound: true, IsCorruption: true);

    public static FaultKind LostBlock { get; } = new("lost_block", FaultSite.Link, "A block does not arrive.", IsFound: true);

    public static FaultKind DoubledBlock { get; } = new("doubled_block", FaultSite.Link, "A block arrives twice.", IsFound: false);

    public static FaultKind SlowLink { get; } = new("slow_link", FaultSite.Link, "A block arrives `seconds` late.", IsFound: false);

    public static FaultKind StoreUnavailable { get; } = new("store_unavailable", FaultSite.Store, "The store does not take the run's record.", IsFound: false);

    public static FaultKind ConductorLost { get; } = new("conductor_lost", FaultSite.Conductor, "The run's own grain is lost with all that it has not written, when `moment` comes, or at any.", IsFound: true);

    /// <summary>In the order in which they are listed.</summary>
    public static IReadOnlyList<FaultKind> All { get; } =
    [
        ChipError, Hang, Straggler, LostRequest, LostReply, NotANumber, HbmError, ComputeFlip, ShardFlip, SwitchDown, Deactivate, UltraServerLost, SiloKill, WireFlip, LostBlock, DoubledBlock, SlowLink,
        StoreUnavailable, ConductorLost,
    ];

    /// <summary>By its name; null when there is none.</summary>
    public static FaultKind? Find(string name) => All.FirstOrDefault(kind => kind.Name == name);
}
