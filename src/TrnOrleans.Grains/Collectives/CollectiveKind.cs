namespace TrnOrleans.Grains.Collectives;

/// <summary>What is done with the gradients, or other floats, of many chips.</summary>
public enum CollectiveKind
{
    /// <summary>The sum over all, for all.</summary>
    AllReduce,

    /// <summary>The sum over all, each silo keeping the part of its own chips.</summary>
    ReduceScatter,

    /// <summary>The parts of all chips one behind the other, for all.</summary>
    AllGather,

    /// <summary>What the first chip has, for all.</summary>
    Broadcast,
}
