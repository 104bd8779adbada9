namespace TrnOrleans.Hardware.Fabrics;

/// <summary>What a collective does; sizes are those of nccl-tests.</summary>
public enum CollectiveOperation
{
    /// <summary>Everybody gets the sum; of so many bytes at each rank.</summary>
    AllReduce,

    /// <summary>Everybody gets a part of the sum; of so many bytes at each rank before.</summary>
    ReduceScatter,

    /// <summary>Everybody gets all parts; of so many bytes at each rank after.</summary>
    AllGather,

    /// <summary>Everybody sends a part to everybody; of so many bytes at each rank.</summary>
    AllToAll,

    /// <summary>One sends to the next; of so many bytes.</summary>
    SendReceive,
}

/// <summary>How a collective is carried out on one level of a fabric.</summary>
public enum CollectiveAlgorithm
{
    /// <summary>Nothing to do.</summary>
    None,

    /// <summary>Everybody sends to everybody at once: one step, or two of an all-reduce.</summary>
    Mesh,

    /// <summary>Round a ring in ranks − 1 steps, or twice that.</summary>
    Ring,

    /// <summary>Partners at distances 1, 2, 4 …: log2(ranks) steps, or twice that; for powers of two.</summary>
    HalvingDoubling,

    /// <summary>Up and down a binomial tree with everything: few steps, all bytes in each; for powers of two.</summary>
    Tree,
}
