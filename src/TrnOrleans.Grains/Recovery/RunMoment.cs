namespace TrnOrleans.Grains.Recovery;

/// <summary>Moments in the life of a run's own grain, in which it or its store can fail.</summary>
public enum RunMoment
{
    /// <summary>It is about to write its record.</summary>
    Writing,

    /// <summary>The number of a new generation is written, and nothing works under it yet.</summary>
    GenerationTaken,

    /// <summary>What worked in the generation before stands.</summary>
    Halted,

    /// <summary>The replicas of the new generation are whole, and its layout is not written.</summary>
    Prepared,

    /// <summary>The layout is written, and nobody trains.</summary>
    LaidOut,

    /// <summary>All UltraServers train.</summary>
    Started,

    /// <summary>A replica says that it has committed a step, and that is not counted yet.</summary>
    Committing,

    /// <summary>It is counted, and not written.</summary>
    Committed,

    /// <summary>A replica tells what validation came to.</summary>
    Validating,

    /// <summary>A replica stands at the end.</summary>
    Finishing,

    /// <summary>The end is known, and not written.</summary>
    Ended,
}
