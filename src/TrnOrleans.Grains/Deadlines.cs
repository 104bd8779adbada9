namespace TrnOrleans.Grains;

/// <summary>How long a grain waits for another before it gives up by name. Every await across a grain boundary has one of these.</summary>
public sealed class Deadlines
{
    /// <summary>
    /// For building a replica: reading data, making weights. Too short, and a run on a slow disk cannot start; default 10 minutes.
    /// </summary>
    public TimeSpan Prepare { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// For everything within one step. Too short, and a large network on few cores is taken for dead; too long, and a hang is found late.
    /// Default 10 minutes, below the 15 after which a call is given up by the runtime itself.
    /// </summary>
    public TimeSpan Step { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// What a chip may take beyond four times the longest step so far, before it is taken to hang and asked again. Default 1 second.
    /// </summary>
    public TimeSpan Chip { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// What a chip may take in the first step, of which nobody knows how long it is, before it is asked again, with twice the time. Default
    /// 5 seconds.
    /// </summary>
    public TimeSpan FirstStep { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What a block may take to another silo beyond the longest step so far, before it is sent again; what comes twice is dropped. Default 2 seconds.</summary>
    public TimeSpan Block { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>For messages that compute nothing. Default 30 seconds.</summary>
    public TimeSpan Control { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// For moving a silo's UltraServers away before it stops, and again for its runs' own grains; whoever stops silos by force waits for
    /// longer than both. Default 30 seconds.
    /// </summary>
    public TimeSpan Drain { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a run looks at its silos and at its progress. Default a quarter of a second.</summary>
    public TimeSpan Watch { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>For a report to the run, before it is made again, perhaps to where the run's grain lives by now. Default 2 seconds.</summary>
    public TimeSpan Report { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a run tries to go on after a failure, while silos or the store cannot be reached. Default 2 minutes.</summary>
    public TimeSpan Recovery { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How often a run that goes on writes its history to the store. Default 5 seconds, longer for long histories.</summary>
    public TimeSpan Store { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the weights of a run that is over stay in memory for somebody to fetch them. Default 10 minutes.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromMinutes(10);
}
