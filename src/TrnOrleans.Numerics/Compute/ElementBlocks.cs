namespace TrnOrleans.Numerics.Compute;

/// <summary>How the element-wise kernels are cut: 16 Ki floats (64 KiB) a piece. Sums per piece are folded in ascending order of pieces.</summary>
internal static class ElementBlocks
{
    internal const int Length = 16 * 1024;

    internal static int Count(long length) => checked((int)((length + Length - 1) / Length));

    internal static int LengthOf(int block, long length) => (int)Math.Min(Length, length - ((long)block * Length));
}
