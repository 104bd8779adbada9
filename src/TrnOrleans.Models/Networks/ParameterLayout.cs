namespace TrnOrleans.Models.Networks;

/// <summary>Where each parameter lies in the flat weights; gradients and optimizer state have the same layout.</summary>
/// <remarks>Every parameter starts on a 64-byte boundary; the floats between two are zero for ever, because their gradient is.</remarks>
public sealed class ParameterLayout
{
    /// <summary>Parameters start at multiples of this many floats, and so do shards.</summary>
    public const int Alignment = 16;

    private readonly List<Parameter> _parameters = [];

    /// <summary>In order of offset.</summary>
    public IReadOnlyList<Parameter> Parameters => _parameters;

    /// <summary>Floats of the flat weights, with the gaps.</summary>
    public long Length { get; private set; }

    /// <summary>Number of trained values, without the gaps.</summary>
    public long Count => _parameters.Sum(p => (long)p.Rows * p.Columns);

    /// <summary>The slice of the flat weights that one of <paramref name="shards"/> owners keeps: aligned, contiguous, within one block of even.</summary>
    public (long Start, long Length) Shard(int index, int shards)
    {
        long blocks = Length / Alignment;
        long start = blocks * index / shards * Alignment;
        long end = blocks * (index + 1) / shards * Alignment;
        return (start, end - start);
    }

    /// <summary>Sixteen floats behind all parameters that are nobody's gradient; zero in the beginning.</summary>
    internal long Reserve()
    {
        Length = checked(Length + Alignment);
        return Length - Alignment;
    }

    internal Parameter Matrix(string name, int rows, int columns, double deviation) => Add(name, rows, columns, true, deviation, 0);

    internal Parameter Vector(string name, int length, float mean = 0) => Add(name, 1, length, false, 0, mean);

    private Parameter Add(string name, int rows, int columns, bool matrix, double deviation, float mean)
    {
        Parameter parameter = new(name, rows, columns, Length, matrix, deviation, mean);
        _parameters.Add(parameter);
        long length = (long)rows * columns;
        Length = checked(Length + ((length + Alignment - 1) / Alignment * Alignment));
        return parameter;
    }
}
