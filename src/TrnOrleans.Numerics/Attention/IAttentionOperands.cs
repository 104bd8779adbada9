using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TrnOrleans.Numerics.Formats;

namespace TrnOrleans.Numerics.Attention;

/// <summary>The format of what attention's products read, chosen at compile time.</summary>
internal interface IAttentionOperands
{
    /// <summary>To the nearest number of the format.</summary>
    static abstract Vector512<float> Round(Vector512<float> x);
}

internal readonly struct Fp32Operands : IAttentionOperands
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<float> x) => x;
}

internal readonly struct Tf32Operands : IAttentionOperands
{
    private static readonly FormatConstants s_format = new(NumberFormat.Tf32, saturate: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<float> x) => s_format.WideNearest(x);
}

internal readonly struct Bf16Operands : IAttentionOperands
{
    private static readonly FormatConstants s_format = new(NumberFormat.Bf16, saturate: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<float> x) => s_format.WideNearest(x);
}

internal readonly struct Fp16Operands : IAttentionOperands
{
    private static readonly FormatConstants s_format = new(NumberFormat.Fp16, saturate: false);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Round(Vector512<float> x) => s_format.NarrowNearest(x);
}
