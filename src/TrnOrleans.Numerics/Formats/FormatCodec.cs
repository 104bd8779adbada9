using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using TrnOrleans.Numerics.Compute;
using TrnOrleans.Numerics.Memory;

namespace TrnOrleans.Numerics.Formats;

/// <summary>Floats to codes of a format and back, nearest even: as they lie in memory or go over a wire. Bound by memory.</summary>
/// <remarks>A code under eight bits has a byte of its own. Special values as <see cref="FormatCode"/> has them.</remarks>
public static unsafe class FormatCodec
{
    /// <summary>Codes of a format of at most eight bits.</summary>
    /// <param name="x">Any length.</param>
    /// <param name="codes">As long as x.</param>
    /// <param name="format">At most eight bits.</param>
    /// <param name="saturate">Whether what lies beyond the largest number becomes the largest.</param>
    /// <exception cref="ArgumentException">lengths differ, or the format has other codes.</exception>
    public static void Encode(ReadOnlySpan<float> x, Span<byte> codes, NumberFormat format, bool saturate = true)
    {
        Shape.Check<byte>(codes, x.Length, nameof(codes));
        Check(format, format.Bits <= 8);
        fixed (float* px = x)
        fixed (byte* pc = codes)
        {
            EncodePieces<byte> work = new() { X = px, Codes = pc, Length = x.Length, Format = new CodeConstants(format, saturate) };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(x.Length), ref work);
        }
    }

    /// <summary>Codes of BF16 or FP16.</summary>
    /// <inheritdoc cref="Encode(ReadOnlySpan{float}, Span{byte}, NumberFormat, bool)"/>
    public static void Encode(ReadOnlySpan<float> x, Span<ushort> codes, NumberFormat format, bool saturate = true)
    {
        Shape.Check<ushort>(codes, x.Length, nameof(codes));
        Check(format, format.Bits == 16);
        fixed (float* px = x)
        fixed (ushort* pc = codes)
        {
            EncodePieces<ushort> work = new() { X = px, Codes = pc, Length = x.Length, Format = new CodeConstants(format, saturate) };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(x.Length), ref work);
        }
    }

    /// <summary>Numbers of codes of at most eight bits.</summary>
    /// <param name="codes">Any length; bits above the format's are not looked at.</param>
    /// <param name="x">As long as the codes.</param>
    /// <param name="format">At most eight bits.</param>
    /// <exception cref="ArgumentException">lengths differ, or the format has other codes.</exception>
    public static void Decode(ReadOnlySpan<byte> codes, Span<float> x, NumberFormat format)
    {
        Shape.Check<float>(x, codes.Length, nameof(x));
        Check(format, format.Bits <= 8);
        fixed (byte* pc = codes)
        fixed (float* px = x)
        {
            DecodePieces<byte> work = new() { X = px, Codes = pc, Length = x.Length, Format = new CodeConstants(format, saturate: false) };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(x.Length), ref work);
        }
    }

    /// <summary>Numbers of codes of BF16 or FP16.</summary>
    /// <inheritdoc cref="Decode(ReadOnlySpan{byte}, Span{float}, NumberFormat)"/>
    public static void Decode(ReadOnlySpan<ushort> codes, Span<float> x, NumberFormat format)
    {
        Shape.Check<float>(x, codes.Length, nameof(x));
        Check(format, format.Bits == 16);
        fixed (ushort* pc = codes)
        fixed (float* px = x)
        {
            DecodePieces<ushort> work = new() { X = px, Codes = pc, Length = x.Length, Format = new CodeConstants(format, saturate: false) };
            ComputeEngine.ForEachPiece(ElementBlocks.Count(x.Length), ref work);
        }
    }

    private static void Check(NumberFormat format, bool fits)
    {
        if (!fits)
        {
            throw new ArgumentException($"a code of {format} has {format.Bits} bits.", nameof(format));
        }
    }

    /// <summary>Sixteen codes; with AVX-512 only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void StoreWhole<TCode>(Vector512<int> code, TCode* target)
        where TCode : unmanaged
    {
        if (sizeof(TCode) == 1)
        {
            Avx512F.ConvertToVector128Byte(code).Store((byte*)target);
        }
        else
        {
            Avx512F.ConvertToVector256UInt16(code).Store((ushort*)target);
        }
    }

    /// <summary>Sixteen codes; with AVX-512 only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<int> LoadWhole<TCode>(TCode* source)
        where TCode : unmanaged =>
        sizeof(TCode) == 1 ? Avx512F.ConvertToVector512Int32(Vector128.Load((byte*)source)) : Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)source));

    /// <summary>The first so many codes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void StoreOneByOne<TCode>(Vector512<int> code, TCode* target, int count)
        where TCode : unmanaged
    {
        int* lanes = stackalloc int[Lanes.Width];
        Vector512.Store(code, lanes);
        for (int i = 0; i < count; i++)
        {
            // The low bytes come first: .NET runs on little-endian machines with vectors only.
            target[i] = *(TCode*)(lanes + i);
        }
    }

    /// <summary>The first so many codes, zeros behind.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static Vector512<int> LoadOneByOne<TCode>(TCode* source, int count)
        where TCode : unmanaged
    {
        int* lanes = stackalloc int[Lanes.Width];
        new Span<int>(lanes, Lanes.Width).Clear();
        for (int i = 0; i < count; i++)
        {
            lanes[i] = sizeof(TCode) == 1 ? *(byte*)(source + i) : *(ushort*)(source + i);
        }

        return Vector512.Load(lanes);
    }

    private struct EncodePieces<TCode> : IPieces
        where TCode : unmanaged
    {
        internal float* X;
        internal TCode* Codes;
        internal long Length;
        internal CodeConstants Format;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            nint start = (nint)piece * ElementBlocks.Length;
            int length = ElementBlocks.LengthOf(piece, Length);
            float* x = X + start;
            TCode* codes = Codes + start;
            CodeConstants format = Format;
            int i = 0;
            if (Avx512F.IsSupported)
            {
                for (; i + Lanes.Width <= length; i += Lanes.Width)
                {
                    StoreWhole(format.Encode(Vector512.Load(x + i)), codes + i);
                }
            }

            for (; i < length; i += Lanes.Width)
            {
                StoreOneByOne(format.Encode(Lanes.Load(x + i, length - i)), codes + i, Math.Min(Lanes.Width, length - i));
            }
        }
    }

    private struct DecodePieces<TCode> : IPieces
        where TCode : unmanaged
    {
        internal float* X;
        internal TCode* Codes;
        internal long Length;
        internal CodeConstants Format;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int piece)
        {
            nint start = (nint)piece * ElementBlocks.Length;
            int length = ElementBlocks.LengthOf(piece, Length);
            float* x = X + start;
            TCode* codes = Codes + start;
            CodeConstants format = Format;
            int i = 0;
            if (Avx512F.IsSupported)
            {
                for (; i + Lanes.Width <= length; i += Lanes.Width)
                {
                    format.Decode(LoadWhole(codes + i)).Store(x + i);
                }
            }

            for (; i < length; i += Lanes.Width)
            {
                Lanes.Store(format.Decode(LoadOneByOne(codes + i, Math.Min(Lanes.Width, length - i))), x + i, length - i);
            }
        }
    }
}
