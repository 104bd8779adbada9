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

    /// <summary>For messages that compute nothing. Default 30 seconds.</summary>
    public TimeSpan Control { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// For moving a silo's UltraServers away before it stops, and again for its runs' own grains; whoever stops silos by force waits for
    /// longer than both. Default 30 seconds.
    /// </summary>
    public TimeSpan Drain { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a run looks at its silos and at its progress. Default a quarter of a second.</summary>
    public TimeSpan Watch { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long the membership may take to find that a silo is gone, when somebody could not reach it. Default 5 seconds.</summary>
    public TimeSpan Detection { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a run that goes on writes its history to the store. Default 5 seconds, longer for long histories.</summary>
    public TimeSpan Store { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the weights of a run that is over stay in memory for somebody to fetch them. Default 10 minutes.</summary>
    public TimeSpan Linger { get; set; } = TimeSpan.FromMinutes(10);
}
