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

    /// <summary>How codes of a format follow from the bits of floats that it has.</summary>
    private readonly struct CodeConstants
    {
        private readonly FormatConstants _rounding;
        private readonly bool _isWide;
        private readonly int _drop, _signShift;
        private readonly Vector512<float> _smallestNormal, _stepsPerUnit, _step;
        private readonly Vector512<int> _rebias, _top, _nan, _sign, _codeMask, _specialFrom, _specialTo;

        internal CodeConstants(NumberFormat format, bool saturate)
        {
            _rounding = new FormatConstants(format, saturate);
            _isWide = format.IsWide;
            _drop = 23 - format.MantissaBits;
            _signShift = 32 - format.Bits;
            _smallestNormal = Vector512.Create((float)Math.ScaleB(1, format.MinExponent));

            // Of a wide format the step itself is a subnormal float, and its subnormals have the bits of floats already.
            _stepsPerUnit = Vector512.Create(_isWide ? 0f : 1f / format.Smallest);
            _step = Vector512.Create(_isWide ? 0f : format.Smallest);
            _rebias = Vector512.Create((127 - format.Bias) << format.MantissaBits);
            int top = ((1 << format.ExponentBits) - 1) << format.MantissaBits;
            int all = (1 << (format.Bits - 1)) - 1;
            _top = Vector512.Create(format.Specials == SpecialCodes.Ieee ? top : all);
            _nan = Vector512.Create(format.Specials == SpecialCodes.Ieee ? top | (1 << (format.MantissaBits - 1)) : all);
            _sign = Vector512.Create(1 << (format.Bits - 1));
            _codeMask = Vector512.Create(all);

            // Magnitudes that are no numbers: Inf first, then NaN.
            _specialFrom = Vector512.Create(format.Specials switch { SpecialCodes.Ieee => top, SpecialCodes.OneNan => all, _ => int.MaxValue });
            _specialTo = Vector512.Create(format.Specials == SpecialCodes.Ieee ? top : int.MaxValue);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector512<int> Encode(Vector512<float> x)
        {
            Vector512<float> rounded = _isWide ? _rounding.WideNearest(x) : _rounding.NarrowNearest(x);
            Vector512<int> magnitude = FormatLanes.Magnitude(rounded);
            Vector512<int> normal = Vector512.ShiftRightLogical(magnitude, _drop) - _rebias;
            Vector512<int> code = normal;
            if (!_isWide)
            {
                Vector512<int> steps = Vector512.ConvertToInt32(Vector512.Min(magnitude.AsSingle(), _smallestNormal) * _stepsPerUnit);
                code = Vector512.ConditionalSelect(Vector512.LessThan(magnitude.AsSingle(), _smallestNormal).AsInt32(), steps, normal);
                code = Vector512.ConditionalSelect(Vector512.Equals(magnitude, Vector512.Create(0x7F800000)), _top, code);
            }

            code = Vector512.ConditionalSelect(Vector512.Equals(rounded, rounded).AsInt32(), code, _nan);
            return code | (Vector512.ShiftRightLogical(rounded.AsInt32(), _signShift) & _sign);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal Vector512<float> Decode(Vector512<int> code)
        {
            Vector512<int> magnitude = code & _codeMask;
            Vector512<int> bits = Vector512.ShiftLeft(magnitude + _rebias, _drop);
            if (!_isWide)
            {
                Vector512<int> subnormal = (Vector512.ConvertToSingle(magnitude) * _step).AsInt32();
                Vector512<int> hidden = Vector512.Create(1 << (23 - _drop));
                bits = Vector512.ConditionalSelect(Vector512.LessThan(magnitude, hidden), subnormal, bits);
                Vector512<int> special = Vector512.ConditionalSelect(Vector512.Equals(magnitude, _specialTo), Vector512.Create(0x7F800000), Vector512.Create(0x7FC00000));
                bits = Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(magnitude, _specialFrom), special, bits);
            }

            return (bits | (Vector512.ShiftLeft(code, _signShift) & Vector512.Create(int.MinValue))).AsSingle();
        }
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
            for (int i = 0; i < length; i += Lanes.Width)
            {
                Store(Format.Encode(Lanes.Load(X + start + i, length - i)), Codes + start + i, length - i);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Store(Vector512<int> code, TCode* target, int left)
        {
            if (Avx512F.IsSupported && left >= Lanes.Width)
            {
                if (sizeof(TCode) == 1)
                {
                    Avx512F.ConvertToVector128Byte(code).Store((byte*)target);
                }
                else
                {
                    Avx512F.ConvertToVector256UInt16(code).Store((ushort*)target);
                }

                return;
            }

            StoreOneByOne(code, target, Math.Min(left, Lanes.Width));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void StoreOneByOne(Vector512<int> code, TCode* target, int count)
        {
            int* lanes = stackalloc int[Lanes.Width];
            Vector512.Store(code, lanes);
            for (int i = 0; i < count; i++)
            {
                // The low bytes come first: .NET runs on little-endian machines with vectors only.
                target[i] = *(TCode*)(lanes + i);
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
            for (int i = 0; i < length; i += Lanes.Width)
            {
                Lanes.Store(Format.Decode(Load(Codes + start + i, length - i)), X + start + i, length - i);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<int> Load(TCode* source, int left)
        {
            if (Avx512F.IsSupported && left >= Lanes.Width)
            {
                return sizeof(TCode) == 1 ? Avx512F.ConvertToVector512Int32(Vector128.Load((byte*)source)) : Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)source));
            }

            return LoadOneByOne(source, Math.Min(left, Lanes.Width));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static Vector512<int> LoadOneByOne(TCode* source, int count)
        {
            int* lanes = stackalloc int[Lanes.Width];
            new Span<int>(lanes, Lanes.Width).Clear();
            for (int i = 0; i < count; i++)
            {
                lanes[i] = sizeof(TCode) == 1 ? *(byte*)(source + i) : *(ushort*)(source + i);
            }

            return Vector512.Load(lanes);
        }
    }
}
