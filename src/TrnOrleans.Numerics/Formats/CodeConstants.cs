using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace TrnOrleans.Numerics.Formats;

/// <summary>How codes of a format follow from the bits of floats that it has.</summary>
internal readonly struct CodeConstants
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
