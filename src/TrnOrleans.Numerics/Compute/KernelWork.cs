namespace TrnOrleans.Numerics.Compute;

/// <summary>
/// Floating-point operations of matrix products that kernels have done, counted where they are done: two for each multiply-add of a product
/// that is wanted, none for padding and none for what a causal mask hides.
/// </summary>
/// <remarks>Of the calling thread and of all that have helped it; read before and after, the difference is what lies between.</remarks>
public static class KernelWork
{
    [ThreadStatic]
    private static long t_flops;

    /// <summary>FLOP so far.</summary>
    public static long Flops => t_flops;

    /// <summary>A kernel has done so many multiply-adds.</summary>
    internal static void Add(long multiplyAdds) => t_flops += 2 * multiplyAdds;

    /// <summary>A helper gives up what it has counted since, for whoever it helped.</summary>
    internal static long TakeSince(long before)
    {
        long taken = t_flops - before;
        t_flops = before;
        return taken;
    }

    /// <summary>What helpers have done for this thread.</summary>
    internal static void AddHelped(long flops) => t_flops += flops;
}
