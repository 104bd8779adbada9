using System.Globalization;
using System.Text.Json;
using TrnOrleans.Numerics.Formats;

namespace TrnOrleans.Numerics.Tests.Formats;

/// <summary>A format as the list of its numbers, and rounding as a search in it: nothing of this is arithmetic on bits.</summary>
internal sealed class FormatTable
{
    private static readonly Lazy<Dictionary<string, float[]>> s_small = new(Read);

    // Numbers from 0 up; code i is number i.
    private readonly double[] _numbers;

    private FormatTable(NumberFormat format, IEnumerable<float> decoded)
    {
        Format = format;
        Decoded = [.. decoded];
        _numbers = [.. Decoded.Take(Decoded.Length / 2).Where(float.IsFinite).Select(x => (double)x)];
    }

    /// <summary>By any two's distance no more than a step apart: all formats that fit a list.</summary>
    internal static IReadOnlyList<FormatTable> All { get; } =
    [
        .. NumberFormat.All.Where(f => f.Bits <= 8).Select(f => new FormatTable(f, s_small.Value[f.Name])),
        new(NumberFormat.Fp16, Enumerable.Range(0, 1 << 16).Select(code => (float)BitConverter.UInt16BitsToHalf((ushort)code))),
        new(NumberFormat.Bf16, Enumerable.Range(0, 1 << 16).Select(code => BitConverter.Int32BitsToSingle(code << 16))),
        new(NumberFormat.Tf32, Enumerable.Range(0, 1 << 19).Select(code => BitConverter.Int32BitsToSingle(code << 13))),
    ];

    internal NumberFormat Format { get; }

    /// <summary>The number of every code.</summary>
    internal float[] Decoded { get; }

    internal double Max => _numbers[^1];

    /// <summary>Numbers worth trying: all of them (or every so-manieth), the middle between two, and a float's step beside either.</summary>
    internal float[] Probes()
    {
        List<float> probes = [0f, -0f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, float.MaxValue];
        int step = Math.Max(1, _numbers.Length / 4096);
        for (int i = 0; i + 1 < _numbers.Length; i += i < 512 || i > _numbers.Length - 512 ? 1 : step)
        {
            AddAround(_numbers[i]);
            AddAround((_numbers[i] + _numbers[i + 1]) / 2);
        }

        double last = _numbers[^1] - _numbers[^2];
        AddAround(_numbers[^1]);
        AddAround(_numbers[^1] + (last / 2));
        AddAround(_numbers[^1] + last);
        return [.. probes];

        void AddAround(double value)
        {
            float x = (float)value;
            probes.AddRange([x, MathF.BitIncrement(x), MathF.BitDecrement(x), -x, -MathF.BitIncrement(x)]);
        }
    }

    /// <summary>The number below (or x itself), and the share of the way to the next one that lies behind x.</summary>
    internal (int Below, double Share) Place(double magnitude)
    {
        int at = Array.BinarySearch(_numbers, magnitude);
        int below = at >= 0 ? at : ~at - 1;
        double step = below + 1 < _numbers.Length ? _numbers[below + 1] - _numbers[below] : _numbers[below] - _numbers[below - 1];
        return (below, (magnitude - _numbers[below]) / step);
    }

    /// <summary>x rounded; stochastic rounding with a given draw.</summary>
    internal double Round(double x, Rounding rounding, bool saturate, double draw = 0)
    {
        if (double.IsNaN(x))
        {
            return Format.Specials == SpecialCodes.None ? Max : double.NaN;
        }

        double magnitude = Math.Abs(x);
        double rounded;
        if (double.IsInfinity(magnitude))
        {
            rounded = magnitude;
        }
        else
        {
            (int below, double share) = Place(magnitude);
            bool isLast = below == _numbers.Length - 1;
            bool isUp = rounding switch
            {
                Rounding.Nearest => share > 0.5 || (share == 0.5 && below % 2 != 0),
                Rounding.Stochastic => draw < share,
                _ => false,
            };

            // Behind the last number the steps go on as if there were more.
            rounded = isLast ? (isUp || share >= 1 ? double.PositiveInfinity : Max) : _numbers[isUp ? below + 1 : below];
        }

        if (double.IsInfinity(rounded))
        {
            rounded = saturate || Format.Specials == SpecialCodes.None ? Max : Format.Specials == SpecialCodes.Ieee ? double.PositiveInfinity : double.NaN;
        }

        return Math.CopySign(rounded, x);
    }

    private static Dictionary<string, float[]> Read()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Formats", "formats.json")));
        return document.RootElement.EnumerateObject().Where(p => p.Name != "source").ToDictionary(p => p.Name, p => p.Value.EnumerateArray().Select(Number).ToArray());

        static float Number(JsonElement element) => element.GetString() switch
        {
            "NaN" => float.NaN,
            "Inf" => float.PositiveInfinity,
            "-Inf" => float.NegativeInfinity,
            { } text => float.Parse(text, CultureInfo.InvariantCulture),
            null => throw new InvalidDataException(),
        };
    }
}
