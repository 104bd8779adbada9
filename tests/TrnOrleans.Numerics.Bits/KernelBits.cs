namespace TrnOrleans.Numerics.Bits;

/// <summary>The digest of what one kernel computed.</summary>
public sealed record KernelDigest(string Kernel, string Digest);

/// <summary>Every kernel on fixed inputs, forward and backward, large enough for several pieces each.</summary>
public static class KernelBits
{
    /// <summary>One digest a kernel, always in the same order.</summary>
    public static IReadOnlyList<KernelDigest> Compute()
    {
        DigestList list = new();
        ElementaryBits.AddTo(list);
        ProductBits.AddTo(list);
        RowBits.AddTo(list);
        ElementBits.AddTo(list);
        AttentionBits.AddTo(list);
        OptimizerBits.AddTo(list);
        FormatBits.AddTo(list);
        return list.Digests;
    }
}
